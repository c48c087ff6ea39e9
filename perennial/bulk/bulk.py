"""Carry out bulk operations: shown first, then done by a workflow that people can pause, resume and stop."""

from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, replace

from domain.bulk.items import Item, ItemStatus
from domain.bulk.operations import BulkState, Operation, Refusals
from domain.bulk.requests import BulkRequest, MoveRun, sent_by
from domain.bulk.totals import Totals
from domain.next_step import Do, NextStep, PerennialError
from perennial.bulk import moving
from perennial.bulk.planning import Choice, Plan, Watch, planned
from perennial.sources.sources import Sources
from workflows.bulk.messages import BulkProgress, SetRate
from workflows.calls.errors import AlreadyEnded, NotAnswered, NotFound, WorkflowFailed
from workflows.durable.operator import Operator

PAGE = 500
"""How many items of a report are read at a time."""


class BulkRefused(PerennialError):
    """The operation cannot be started or steered as it stands."""


@dataclass(frozen=True)
class Pace:
    """At most so many items per second; if one of the first `canary` fails, the operation pauses."""

    per_second: int
    canary: int = 0


@dataclass(frozen=True)
class BulkView:
    """An operation as it is now: `totals` by the books, `refusals` with examples.

    `progress` is what its workflow says while it runs; `trouble` says what is wrong where it says nothing.
    """

    operation: Operation
    totals: Totals
    refusals: list[Refusals]
    progress: BulkProgress | None = None
    trouble: PerennialError | None = None

    @property
    def state(self) -> BulkState:
        """The state by its workflow, which the books follow."""
        return self.progress.state if self.progress else self.operation.state

    @property
    def reason(self) -> str | None:
        """Why it is paused or stopped."""
        return self.progress.reason if self.progress else self.operation.reason


class Bulk:
    """Bulk operations. Every method raises ServerUnreachable, and what the books raise."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def resolved(self, choice: Choice) -> Choice:
        """Return the choice with the build to move to, where it is about that. Call it first.

        Raises NotFound where there is no deployment, and Rejected where no new run would be placed on the build.
        """
        ask = choice.request.ask
        if not isinstance(ask, MoveRun):
            return choice
        found = ask.model_copy(update={"to": await moving.target(self._sources, ask.to)})
        return replace(choice, request=choice.request.model_copy(update={"ask": found}))

    async def plan(self, choice: Choice, watch: Watch = lambda _, __: None) -> Plan:
        """Return what the operation would come to; nothing is changed. What has no answer is left out of it.

        Raises NothingMatches, UnknownSubscriptions and NotAnswered.
        """
        return await planned(self._sources, choice, watch)

    async def begun(self, bulk_id: str, request: BulkRequest) -> Operation | None:
        """Return the unfinished operation of that id and request, which `start_again` goes on with; None if new.

        Raises BulkRefused if the id belongs to another request, or to an operation that has ended.
        """
        found = await (await self._sources.books()).bulks.operation(bulk_id)
        if found is not None:
            _require_same(found, request)
        return found

    async def start(self, bulk_id: str, plan: Plan, pace: Pace) -> Operation:
        """Begin to carry out the plan as it was shown, and return the operation. Its workflow goes on by itself.

        Repeating it has no second effect. Raises BulkRefused where nothing is to do or the id is taken, and CallError.
        """
        if not plan.totals.count(ItemStatus.WAITING):
            raise BulkRefused("There is nothing to do: every item is refused, unchanged or could not be shown.")
        items = [
            item.model_copy(update={"ask": sent_by(item.ask, bulk_id)}) if item.ask else item for item in plan.items
        ]
        operation = Operation(
            bulk_id=bulk_id,
            request=plan.request,
            started_at=self._sources.now(),
            shown=plan.totals,
            per_second=pace.per_second,
        )
        written = await (await self._sources.books()).bulks.begin(operation, items)
        _require_same(written, plan.request)
        await self.start_again(written, pace.canary)
        return written

    async def start_again(self, operation: Operation, canary: int = 0) -> None:
        """Start the operation's workflow, unless it runs; where it is paused, it goes on. Raises CallError."""
        going = operation.model_copy(update={"state": BulkState.RUNNING})
        await (await self._sources.server()).bulks.carry_out(going, canary)

    async def settled(self, bulk_id: str, watch: Callable[[BulkProgress], None] = lambda _: None) -> BulkProgress:
        """Wait until it has ended or is paused. Raises CallError."""
        return await (await self._sources.server()).bulks.settled(bulk_id, watch)

    async def steer(self, bulk_id: str, update: str, request: Operator) -> str:
        """Send `pause`, `stop`, or `set_rate` with its own request, and return the message.

        Raises BulkRefused if there is no such operation or it has ended, and CallError.
        """
        operation = await self._open(bulk_id)
        try:
            return await (await self._sources.server()).bulks.steer(bulk_id, update, request)
        except (NotFound, AlreadyEnded, WorkflowFailed):
            raise _not_running(operation) from None

    async def set_rate(self, bulk_id: str, by: str, per_second: int) -> str:
        """Send at most so many per second from the next batch on. Raises as `steer`."""
        return await self.steer(bulk_id, "set_rate", SetRate(by=by, per_second=per_second))

    async def resume(self, bulk_id: str, request: Operator) -> str:
        """Go on: what has failed is tried again. A workflow that is gone is started again. Raises as `steer`."""
        operation = await self._open(bulk_id)
        try:
            return await (await self._sources.server()).bulks.steer(bulk_id, "resume", request)
        except (NotFound, AlreadyEnded, WorkflowFailed):
            await self.start_again(operation)
        return "Its workflow was gone. It is started again, and goes on with what waits or has failed."

    async def view(self, bulk_id: str) -> BulkView:
        """Return the operation as it is now. Raises BulkRefused if there is none."""
        operation = await self.operation(bulk_id)
        progress, trouble = (None, None) if operation.state.final else await self._progress(operation)
        # Read after the progress: what is done by that is in the books.
        books = (await self._sources.books()).bulks
        return BulkView(
            operation, await books.totals(bulk_id), await books.refusals(bulk_id), progress=progress, trouble=trouble
        )

    async def _progress(self, operation: Operation) -> tuple[BulkProgress | None, PerennialError | None]:
        """What its workflow says, or why it says nothing."""
        try:
            return await (await self._sources.server()).bulks.progress(operation.bulk_id), None
        except (NotFound, AlreadyEnded, WorkflowFailed):
            return None, _not_running(operation)
        except NotAnswered as error:
            return None, error

    async def operations(self, limit: int, after: str | None = None) -> list[Operation]:
        """Return one page of operations, newest first."""
        return await (await self._sources.books()).bulks.operations(limit, after)

    async def operation(self, bulk_id: str) -> Operation:
        """Return the operation as the books have it. Raises BulkRefused if there is none."""
        found = await (await self._sources.books()).bulks.operation(bulk_id)
        if found is None:
            raise BulkRefused(f"There is no bulk operation {bulk_id}.", NextStep(Do.LIST_BULKS))
        return found

    async def items(self, bulk_id: str, statuses: Collection[ItemStatus] = ()) -> AsyncIterator[Item]:
        """Yield its items in order, all or those of the statuses. Raises BulkRefused if there is no such operation."""
        await self.operation(bulk_id)
        books, last = (await self._sources.books()).bulks, 0
        while page := await books.items(bulk_id, statuses, PAGE, last):
            for item in page:
                yield item
            last = page[-1].position

    async def _open(self, bulk_id: str) -> Operation:
        """The operation, if it has not ended."""
        operation = await self.operation(bulk_id)
        if operation.state.final:
            raise _ended(operation)
        return operation


def _require_same(operation: Operation, request: BulkRequest) -> None:
    """Raise BulkRefused unless the operation is the request's, and has not ended."""
    if operation.request.digest != request.digest:
        words = f"Bulk operation {operation.bulk_id} was started with other content: choose another id."
        raise BulkRefused(words, NextStep(Do.SHOW_BULK, operation.bulk_id))
    if operation.state.final:
        raise _ended(operation)


def _ended(operation: Operation) -> BulkRefused:
    words = f"Bulk operation {operation.bulk_id} has ended ({operation.state}). Start a new one for what is left."
    return BulkRefused(words, NextStep(Do.SHOW_BULK, operation.bulk_id))


def _not_running(operation: Operation) -> BulkRefused:
    words = f"Bulk operation {operation.bulk_id} is unfinished, and its workflow does not run."
    return BulkRefused(words, NextStep(Do.RESUME_BULK, operation.bulk_id, "Start it again"))
