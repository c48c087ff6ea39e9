"""The workflow that buys one order, line by line; each line succeeds or fails by itself (BUY-3)."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.orders.activities import OrderActivities
from activities.orders.contracts import LineStatus, OpenInput, OrderLine, PlacedOrder, PlaceInput, StartInput
from domain.ordering.lines import OrderRequest
from workflows.durable import options, search_attributes
from workflows.durable.activities import perform
from workflows.durable.arguments import check_workflow_id, one_request
from workflows.durable.cancellation import not_by_cancellation, through_cancellations
from workflows.durable.clock import offset_of
from workflows.durable.workflow_ids import order_workflow_id
from workflows.order.details import headline, markdown
from workflows.order.messages import PlaceOrder

MAX_ERROR = 300
NOT_BY_CANCELLATION = not_by_cancellation("order: cancel the subscriptions that it bought.")


@workflow.defn
class OrderWorkflow:
    """Buys one order. Lines are placed one after another, then their subscriptions are started."""

    @workflow.init
    @one_request
    def __init__(self, start: PlaceOrder) -> None:
        request = start.request
        check_workflow_id(order_workflow_id(request.order_id), "request.order_id")
        self._start = start
        self._at = workflow.now() + offset_of(start.clock)
        self._order = start.waiting(self._at)
        self._window = asyncio.Semaphore(options.STARTS_AT_ONCE)
        self._note: str | None = None

    @workflow.run
    async def run(self, start: PlaceOrder) -> PlacedOrder:
        """Buy the order, even if the workflow is cancelled: a half-bought line would keep its claims for nothing."""
        self._show()
        return await through_cancellations(self._buy(), self._note_cancellation)

    async def _buy(self) -> PlacedOrder:
        """Open the order; place each line, in order; start the subscriptions of the placed lines."""
        await self._open()
        for line in self._lines(LineStatus.WAITING):
            await self._run_step(line, self._place(line))
        await asyncio.gather(*(self._run_step(line, self._begin(line)) for line in self._lines(LineStatus.PLACED)))
        return self._order

    # Steps

    async def _open(self) -> None:
        try:
            entry = OpenInput(request=self._start.request, at=self._at, ahead_by=self._ahead_by())
            summary = f"open the order: {len(self._order.lines)} lines for {self._order.customer}"
            self._order = await perform(OrderActivities.open, entry, options.RECORD_TIMEOUT, summary)
        except ActivityError as error:
            raise _cause(error) from None
        self._show()

    async def _place(self, line: OrderLine) -> OrderLine:
        entry = PlaceInput(order_id=self._order.order_id, number=line.number, at=self._at)
        summary = headline("place", line)
        return await perform(OrderActivities.place, entry, options.RECORD_TIMEOUT, summary, priority=options.BATCH)

    async def _begin(self, line: OrderLine) -> OrderLine:
        entry = StartInput(
            order_id=self._order.order_id,
            number=line.number,
            ahead_by=self._ahead_by(),
            periods_per_run=self._start.periods_per_run,
        )
        async with self._window:
            summary = headline("start", line)
            return await perform(OrderActivities.start, entry, options.START_TIMEOUT, summary, priority=options.BATCH)

    async def _run_step(self, line: OrderLine, step: Awaitable[OrderLine]) -> None:
        """Run one step for a line and store the result.

        After a permanent error the line keeps its status, so that sending the order again retries it.
        """
        try:
            line = await step
        except ActivityError as error:
            cause = _cause(error)
            line = line.model_copy(update={"error": f"{cause.type}: {cause.message}"[:MAX_ERROR]})
            workflow.logger.error("line %s of order %s: %s", line.number, self._order.order_id, line.error)
        self._order = self._order.with_line(line)
        self._show()

    def _ahead_by(self) -> timedelta | None:
        """By how much its test clock is ahead; None if it has none."""
        return self._start.clock.offset if self._start.clock else None

    def _lines(self, status: LineStatus) -> list[OrderLine]:
        return [line for line in self._order.lines if line.status is status and not line.settled]

    # What people see

    def _note_cancellation(self) -> None:
        self._note = NOT_BY_CANCELLATION
        workflow.logger.warning("order %s: %s", self._order.order_id, self._note)
        self._show()

    def _show(self) -> None:
        workflow.set_current_details(markdown(self._order, self._note))
        # Our own client sets it with the start; another service may not know of it.
        if workflow.info().typed_search_attributes.get(search_attributes.CUSTOMER) is None:
            workflow.upsert_search_attributes([search_attributes.CUSTOMER.value_set(self._order.customer)])

    @workflow.query
    def order(self) -> PlacedOrder:
        """The order and the status of its lines."""
        return self._order

    @workflow.query
    def request(self) -> OrderRequest:
        """The request, to compare it with another one under the same id (BUY-3)."""
        return self._start.request


def _cause(error: ActivityError) -> ApplicationError:
    """The error that the activity raised. Any other failure, such as a cancellation from outside, is raised again."""
    if not isinstance(error.cause, ApplicationError):
        raise error
    return error.cause
