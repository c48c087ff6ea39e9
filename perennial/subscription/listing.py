"""The list of subscriptions, page by page: the living from the server's visibility, then the ended from the books."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from temporalio.client import WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.billing.contracts import ListedSubscription
from domain.money import Money
from domain.subscription.events import State
from perennial.sources.sources import Sources
from perennial.subscription.page_mark import MarkRefused, PageMark
from statemachines.audit.findings import Noun
from statemachines.audit.observed import Run
from workflows.durable import search_attributes as known

LOST = ", ".join(f"'{status}'" for status in ("Terminated", "Failed", "Canceled", "TimedOut"))
"""How the server calls workflows that were not ended by their own decision."""
LIVING = [state for state in State if not state.ended]
ENDED = [state for state in State if state.ended]
PAGE_OF_SERVER = 1000
UNLISTED = "unlisted"


@dataclass(frozen=True)
class Row:
    """A subscription in the list. `ends_at` is None where it renews, at `renews_at`; `renewal` is charged then.

    Quantity, price and renewal are None where the books do not have the subscription yet, and where what they have is
    `unreadable`.
    `state` is `workflow_terminated`, or another word of this kind, where its workflow was ended from outside.
    """

    subscription_id: str
    customer: str
    offer: str
    state: str
    auto_renew: bool
    ends_at: datetime | None
    attention: str | None = None
    quantity: int | None = None
    unit_price: Decimal | None = None
    currency: str | None = None
    renews_at: datetime | None = None
    renewal: Money | None = None
    unreadable: bool = False


@dataclass(frozen=True)
class Page:
    """Rows, and where the next page begins; None after the last.

    `unlisted` are living by the books where the server lists none: just bought, or on another server.
    """

    rows: list[Row]
    following: PageMark | None
    unlisted: int = 0


@dataclass(frozen=True)
class Filters:
    """Which subscriptions to list; `attention` are living ones that need an operator."""

    customer: str | None = None
    offer: str | None = None
    state: State | None = None
    attention: bool = False

    @property
    def living(self) -> list[State]:
        """The states that the server answers for."""
        return [state for state in LIVING if self.state in {None, state}]

    @property
    def ended(self) -> list[State]:
        """The states that the books answer for."""
        return [] if self.attention else [state for state in ENDED if self.state in {None, state}]

    def unlisted(self, booked: Mapping[State, int]) -> int:
        """How many of these the books have as living; they do not know who needs attention."""
        return 0 if self.attention else sum(booked.get(state, 0) for state in self.living)

    def query(self, state: State | None) -> str:
        """The query for the server's visibility; the ids in it are letters, digits, `_` and `-` only."""
        attention = " AND Attention IS NOT NULL" if self.attention else ""
        running = f"ExecutionStatus = 'Running'{attention}"
        # A lost one is in no state, and needs an operator.
        return self._filtered(running if state else f"({running} OR ExecutionStatus IN ({LOST}))", state)

    @property
    def lost(self) -> str:
        """The query for workflows that were ended from outside; none of them is in a state."""
        return self._filtered(f"ExecutionStatus IN ({LOST})", None)

    def _filtered(self, statuses: str, state: State | None) -> str:
        wanted = {"CustomerId": self.customer, "OfferId": self.offer, "SubscriptionState": state}
        filters = (f"{name} = '{value}'" for name, value in wanted.items() if value)
        return " AND ".join(["WorkflowType = 'SubscriptionWorkflow'", statuses, *filters])


async def counts_of(sources: Sources, filters: Filters) -> dict[str, int]:
    """How many are in each state: one count of the server per living state, the ended ones from the books.

    Those whose workflow was ended from outside are in no state, and counted by what happened to it; as UNLISTED the
    living ones of the books where the server knows none.
    """
    found: dict[str, int] = {}
    if filters.living:
        client = (await sources.server()).client
        found = {state: (await client.count_workflows(filters.query(state))).count for state in filters.living}
        if filters.state is None:
            pages = client.list_workflows(filters.lost, page_size=PAGE_OF_SERVER)
            lost = Counter(row.state for row in await _rows_of(sources, [each async for each in pages]))
            found |= dict(sorted(lost.items()))
    nothing = bool(filters.living) and not any(found.values())
    if nothing or filters.ended:
        counted = await _booked(sources, filters)
        if nothing and (unlisted := filters.unlisted(counted)):
            found[UNLISTED] = unlisted
        found |= {state: counted.get(state, 0) for state in filters.ended}
    return found


async def page_of(sources: Sources, filters: Filters, limit: int, after: PageMark | None) -> Page:
    """One page. The ended subscriptions follow the living ones, on the same page if there is room."""
    living: dict[str, Row] = {}
    unlisted = 0
    if filters.living and (after is None or after.of_server):
        page = await _living(sources, filters, limit, after)
        if after is None and not page.rows:
            unlisted = filters.unlisted(await _booked(sources, filters))
        if page.following or not filters.ended:
            return replace(page, unlisted=unlisted)
        living = {row.subscription_id: row for row in page.rows}
        after = None
    if not filters.ended:
        return Page([], None)
    page = await _ended(sources, filters, limit - len(living), after)
    # A subscription that ended between the two reads is shown as the books have it.
    rows = living | {row.subscription_id: row for row in page.rows}
    return Page(list(rows.values()), page.following, unlisted)


async def _booked(sources: Sources, filters: Filters) -> dict[State, int]:
    """How many of that customer and offer the books have in each state."""
    return await (await sources.books()).subscriptions.counts(filters.customer, filters.offer)


async def _living(sources: Sources, filters: Filters, limit: int, after: PageMark | None) -> Page:
    """What the server's visibility knows, in its own order."""
    client = (await sources.server()).client
    pages = client.list_workflows(filters.query(filters.state), next_page_token=after.token if after else None)
    rows: list[Row] = []
    while len(rows) < limit:
        try:
            await pages.fetch_next_page(page_size=min(limit - len(rows), PAGE_OF_SERVER))
        except RPCError as error:
            # To a token that it did not make, the server says that something went wrong, and no more.
            if after is None or error.status not in {RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.UNKNOWN}:
                raise
            raise MarkRefused(f"The list cannot go on at {after}: it takes the mark of its own last page.") from None
        found = await _rows_of(sources, pages.current_page or [])
        # What has ended and waits for late usage is the books' to list; unless it is asked who needs attention.
        rows += [row for row in found if filters.attention or row.state not in ENDED]
        if not pages.next_page_token:
            return Page(rows, None)
    return Page(rows, PageMark(of_server=True, token=pages.next_page_token or b""))


async def _rows_of(sources: Sources, executions: Sequence[WorkflowExecution]) -> list[Row]:
    """A row for each living or lost one, without runs that a reset has replaced and what has ended by the books."""
    closed = [each for each in executions if each.status is not WorkflowExecutionStatus.RUNNING]
    if not closed:
        return [_living_row(each) for each in executions]
    server, books = await sources.server(), await sources.books()
    runs = await server.runs.listed({each.id for each in closed})
    booked = await books.workflows.of(Noun.SUBSCRIPTION, [_id_of(each) for each in closed])
    over = {key for key, known in booked.items() if not known.runs}
    last = {run.run_id: run for run in runs.values()}
    lost = {each.run_id: last[each.run_id] for each in closed if each.run_id in last and _id_of(each) not in over}
    return [
        _living_row(each) if each.status is WorkflowExecutionStatus.RUNNING else _lost_row(each, lost[each.run_id])
        for each in executions
        if each.status is WorkflowExecutionStatus.RUNNING or each.run_id in lost
    ]


def _id_of(execution: WorkflowExecution) -> str:
    return execution.id.partition(":")[2]


def _lost_row(execution: WorkflowExecution, run: Run) -> Row:
    words = f"its workflow {run.status.words}: compare it with the books (reconcile)"
    return replace(_living_row(execution), state=f"workflow_{run.status.value}", ends_at=None, attention=words)


def _living_row(execution: WorkflowExecution) -> Row:
    attributes = execution.typed_search_attributes
    return Row(
        subscription_id=_id_of(execution),
        customer=attributes.get(known.CUSTOMER, ""),
        offer=attributes.get(known.OFFER, ""),
        state=attributes.get(known.STATE, State.PENDING.value),
        auto_renew=attributes.get(known.AUTO_RENEW, True),
        ends_at=attributes.get(known.ENDS_AT, None),
        attention=attributes.get(known.ATTENTION, None),
    )


async def _ended(sources: Sources, filters: Filters, limit: int, after: PageMark | None) -> Page:
    """What the books know, in the order of ids; with a limit of 0 only whether there is any."""
    books = (await sources.books()).subscriptions
    last = after.token.decode() if after else None
    found: list[ListedSubscription] = []
    for state in filters.ended:
        found += await books.subscriptions(filters.customer, filters.offer, state, limit + 1, last)
    found.sort(key=lambda listed: listed.subscription_id)
    rows = [
        Row(each.subscription_id, each.customer_id, each.offer_id, each.state, each.auto_renew, each.last_at)
        for each in found[:limit]
    ]
    if len(found) <= limit:
        return Page(rows, None)
    last = rows[-1].subscription_id if rows else ""
    return Page(rows, PageMark(of_server=False, token=last.encode()))
