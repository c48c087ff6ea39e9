"""Plans a bulk operation: which subscriptions it is about, and what it would come to."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.bulk.items import Item, ItemStatus, shown
from domain.bulk.operations import Refusals, refusals_of
from domain.bulk.requests import Ask, BulkRequest, MoveRun, Selection, TakePolicy
from domain.bulk.totals import Totals
from domain.next_step import Do, NextStep, PerennialError
from domain.rules import Rule
from domain.subscription.commands import Command
from domain.subscription.decision import Outcome
from domain.values import fingerprint
from perennial.bulk import moving
from perennial.sources.sources import Sources
from workflows.calls.errors import CallError, NotAnswered
from workflows.subscription.client import Subscriptions

AT_ONCE = 16
"""How many previews are asked for at a time."""
MOST_UNANSWERED = AT_ONCE
"""After how many unanswered previews in a row the plan is given up: no worker is there."""

Watch = Callable[[int, int], None]
"""Is called with how many of how many are shown."""


class NothingMatches(PerennialError):
    """No subscription fits the filters."""


class UnknownSubscriptions(PerennialError):
    """The books do not have these subscriptions; `ids` names them."""

    def __init__(self, ids: Sequence[str]) -> None:
        some = f"{', '.join(ids[:5])}{f' and {len(ids) - 5:,} more' if len(ids) > 5 else ''}"
        super().__init__(f"There is no subscription {some}.", NextStep(Do.LIST_SUBSCRIPTIONS))
        self.ids = ids


@dataclass(frozen=True)
class Row:
    """One row of a file: a subscription, and what it is sent."""

    subscription_id: str
    ask: Ask


@dataclass(frozen=True)
class Choice:
    """A request and the rows of its file; without rows, of all subscriptions that its filters select.

    Of the workflows to move, at most `limit` are.
    """

    request: BulkRequest
    rows: tuple[Row, ...] = ()
    limit: int | None = None

    @classmethod
    def by_filters(cls, ask: Ask, selection: Selection) -> "Choice":
        """All that fit the filters."""
        return cls(BulkRequest(ask=ask, selection=selection))

    @classmethod
    def by_rows(cls, rows: Sequence[Row]) -> "Choice":
        """These, of which there must be one at least."""
        content = [[row.subscription_id, row.ask.model_dump(mode="json", exclude={"command_id"})] for row in rows]
        selection = Selection(rows=len(rows), digest=fingerprint(content))
        return cls(BulkRequest(ask=rows[0].ask, selection=selection), tuple(rows))

    @classmethod
    def of_moves(cls, ask: MoveRun, limit: int | None = None) -> "Choice":
        """The workflows on another version of the workers than the build, at most so many."""
        return cls(BulkRequest(ask=ask, selection=Selection()), limit=limit)


@dataclass(frozen=True)
class Plan:
    """What an operation would come to: every item with its preview. Nothing is written."""

    request: BulkRequest
    items: tuple[Item, ...]

    @property
    def totals(self) -> Totals:
        """The totals of its items."""
        return Totals.of(self.items)

    @property
    def refusals(self) -> list[Refusals]:
        """What would not be done, by status and rule, each with an example."""
        return refusals_of(self.items)


async def planned(sources: Sources, choice: Choice, watch: Watch) -> Plan:
    """Find the subscriptions, and preview what each is sent.

    Raises NothingMatches, UnknownSubscriptions, and NotAnswered where previews are not answered.
    """
    if isinstance(choice.request.ask, MoveRun):
        return Plan(choice.request, tuple(await moving.items(sources, choice.request.ask, choice.limit)))
    rows = choice.rows or await _matching(sources, choice.request)
    books = await sources.books()
    if choice.rows and (unknown := await books.bulks.unknown([row.subscription_id for row in rows])):
        raise UnknownSubscriptions([row.subscription_id for row in rows if row.subscription_id in unknown])
    previews = _Previews((await sources.server()).subscriptions, len(rows), watch)
    return Plan(choice.request, tuple(await previews.of(rows)))


async def _matching(sources: Sources, request: BulkRequest) -> tuple[Row, ...]:
    found = await (await sources.books()).bulks.matching(request.selection)
    if not found:
        words = f"No subscription that has not ended matches: {request.selection}."
        raise NothingMatches(words, NextStep(Do.LIST_SUBSCRIPTIONS))
    return tuple(Row(subscription_id, request.ask) for subscription_id in found)


class _Previews:
    """Asks for previews, some at once."""

    def __init__(self, subscriptions: Subscriptions, total: int, watch: Watch) -> None:
        self._subscriptions = subscriptions
        self._total, self._watch = total, watch
        self._done, self._unanswered = 0, 0

    async def of(self, rows: Sequence[Row]) -> list[Item]:
        """The items, in the order of the rows; their positions begin with 1."""
        items: list[Item] = []
        waiting = iter(enumerate(rows, start=1))

        async def work() -> None:
            for position, row in waiting:
                items.append(await self._item(position, row))
                self._done += 1
                self._watch(self._done, self._total)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(work())
        except* CallError as failed:
            raise failed.exceptions[0] from None
        return sorted(items, key=lambda item: item.position)

    async def _item(self, position: int, row: Row) -> Item:
        try:
            if isinstance(row.ask, TakePolicy):
                return await self._policy(position, row.subscription_id, row.ask)
            assert isinstance(row.ask, Command)
            answer = await self._subscriptions.preview(row.subscription_id, row.ask)
        except CallError as error:
            self._unanswered = self._unanswered + 1 if isinstance(error, NotAnswered) else 0
            if self._unanswered >= MOST_UNANSWERED:
                raise
            return Item(
                position=position, subject=row.subscription_id, status=ItemStatus.SKIPPED, message=error.message
            )
        self._unanswered = 0
        return shown(position, row.subscription_id, row.ask, answer)

    async def _policy(self, position: int, subscription_id: str, ask: TakePolicy) -> Item:
        """A subscription that would take the policy pack, or why it would not (BUY-5)."""
        life = await self._subscriptions.life(subscription_id)
        subscription, pack = life.subscription, ask.policy
        item = Item(position=position, subject=subscription_id, status=ItemStatus.WAITING, rule=Rule.BUY_5)
        if life.ended:
            words = f"The subscription has ended ({subscription.state})."
            return item.without_answer(ItemStatus.ENDED, words)
        if pack in {subscription.policy, subscription.next_policy}:
            words = f"It has {pack.name} version {pack.version}."
            outcome = {"status": ItemStatus.UNCHANGED, "outcome": Outcome.UNCHANGED}
            return item.model_copy(update={**outcome, "message": words})
        try:
            life.with_next_policy(pack)
        except ValueError as error:
            refused = {"status": ItemStatus.REFUSED, "outcome": Outcome.REFUSED}
            return item.model_copy(update={**refused, "message": str(error)})
        words = f"{pack.name} version {pack.version} holds from its next term on."
        return item.model_copy(update={"ask": ask, "outcome": Outcome.DONE, "message": words})
