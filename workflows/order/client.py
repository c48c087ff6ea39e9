"""The way in for Python callers that order: place, look, wait."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import (
    QueryRejectCondition,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.orders.contracts import PlacedOrder
from domain.ordering.lines import OrderRequest
from workflows.calls.asking import Rejected, SubscriptionError, asked, looked
from workflows.calls.waiting import awaited, failure_words
from workflows.durable import options, search_attributes
from workflows.durable.test_clock import TestClock
from workflows.order.messages import PlaceOrder, order_workflow_id
from workflows.order.workflow import OrderWorkflow

T = TypeVar("T")
_Handle = WorkflowHandle[OrderWorkflow, PlacedOrder]


class OrderRejected(SubscriptionError):
    """The order was not taken in: its id, or a line's, belongs to another purchase (BUY-3)."""


class UnknownOrder(SubscriptionError):
    """The server knows no such order (any more): the books may."""


class OrderClient:
    """Orders on one Temporal server, by their ids."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    def handle(self, order_id: str) -> _Handle:
        """The workflow that buys the order, or bought it last."""
        return self._client.get_workflow_handle_for(OrderWorkflow.run, order_workflow_id(order_id))

    async def place(
        self,
        request: OrderRequest,
        *,
        clock: TestClock | None = None,
        periods_per_run: int = options.PERIODS_PER_RUN,
    ) -> None:
        """Have the order bought: by a new run, or by the one that is buying it now. Returns once the server has it.

        Sent again, it tries what was refused once more (BUY-3). Raises OrderRejected where another order is
        being bought under its id, and NotAnswered.
        """
        start = PlaceOrder(request=request, clock=clock, periods_per_run=periods_per_run)

        async def send() -> None:
            await self._start(start)

        await asked(f"order {request.order_id}", send, lambda error: UnknownOrder(error.message))

    async def order(self, order_id: str) -> PlacedOrder:
        """The order as its workflow sees it. Raises UnknownOrder; OrderRejected where it was not taken in."""
        return await self._query(order_id, "order", PlacedOrder)

    async def settled(self, order_id: str, watch: Callable[[PlacedOrder], None] = lambda _: None) -> PlacedOrder:
        """Wait until every line is bought, refused or stopped; `watch` is told each time that a line has moved.

        Raises OrderRejected, UnknownOrder, and NotAnswered where no line moves any more.
        """

        async def look() -> PlacedOrder:
            return await self.order(order_id)

        return await awaited(f"order {order_id}", self.handle(order_id), look, watch, OrderRejected)

    async def _start(self, start: PlaceOrder) -> None:
        request = start.request
        try:
            await self._client.start_workflow(
                OrderWorkflow.run,
                start,
                id=order_workflow_id(request.order_id),
                task_queue=self._task_queue,
                # A running one is joined below: only so is it known to be another's.
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                task_timeout=options.TASK_TIMEOUT,
                search_attributes=TypedSearchAttributes(
                    [SearchAttributePair(search_attributes.CUSTOMER, request.customer)]
                ),
                static_summary=f"{len(request.lines)} {_lines(request)} for {request.customer}",
            )
        except WorkflowAlreadyStartedError:
            await self._join(request)

    async def _join(self, request: OrderRequest) -> None:
        if await self._query(request.order_id, "request", OrderRequest) != request:
            raise OrderRejected(
                f"order {request.order_id} is being bought with other content; send that again, or choose another id"
            )

    async def _query(self, order_id: str, query: str, result: type[T]) -> T:
        handle = self.handle(order_id)

        async def send(patience: timedelta) -> T:
            found: T = await handle.query(
                query,
                result_type=result,
                reject_condition=QueryRejectCondition.NOT_COMPLETED_CLEANLY,
                rpc_timeout=patience,
            )
            return found

        def missing(_: RPCError) -> SubscriptionError:
            return UnknownOrder(f"there is no order {order_id} on this server; see: starter.py order list")

        try:
            return await asked(f"order {order_id}", lambda: looked(send), missing)
        except Rejected as error:
            raise await self._why_rejected(handle, error) from None

    async def _why_rejected(self, handle: _Handle, error: Rejected) -> SubscriptionError:
        """A run that failed answers no query: what it would show is what it was sent, not what was bought."""
        if (await handle.describe()).close_time is None:
            return error
        try:
            await handle.result()
        except WorkflowFailureError as failure:
            return OrderRejected(failure_words(failure))
        return error


def _lines(request: OrderRequest) -> str:
    return "line" if len(request.lines) == 1 else "lines"
