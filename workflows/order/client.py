"""The client of orders: place one, look at it, wait until it is settled."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar

from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.common import QueryRejectCondition, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.orders.contracts import PlacedOrder
from domain.next_step import Do, NextStep
from domain.ordering.lines import OrderRequest
from workflows.calls.attempts import call
from workflows.calls.errors import CallError, NotFound, Rejected, WorkflowFailed
from workflows.calls.target import Target, WorkflowClient
from workflows.calls.waiting import failure_message, result_of
from workflows.durable import options, search_attributes
from workflows.durable.clock import TestClock
from workflows.durable.workflow_ids import order_workflow_id
from workflows.order.messages import PlaceOrder
from workflows.order.workflow import OrderWorkflow

T = TypeVar("T")


class OrderClient(WorkflowClient):
    """Orders on one Temporal server, by their ids."""

    def handle(self, order_id: str) -> WorkflowHandle[OrderWorkflow, PlacedOrder]:
        """The workflow that buys the order, or bought it last."""
        return self._client.get_workflow_handle_for(OrderWorkflow.run, order_workflow_id(order_id))

    async def place(
        self, request: OrderRequest, *, clock: TestClock | None = None, periods_per_run: int = options.PERIODS_PER_RUN
    ) -> None:
        """Start a run that buys the order, or leave it to the run that is buying it now.

        Returns once the server has it. Sent again, the order's refused lines are tried again (BUY-3).
        Raises Rejected where other content is being bought under its id, ClocksRefused, and CallError.
        """
        if clock is not None:
            await self.test_clocks.require()
        start = PlaceOrder(request=request, clock=clock, periods_per_run=periods_per_run)
        await call(_name(request.order_id), partial(self._start, start), lambda error: NotFound(error.message))

    async def order(self, order_id: str) -> PlacedOrder:
        """The order as its workflow sees it. Raises WorkflowFailed where it was not taken in, and CallError."""
        return await self._query(order_id, "order", PlacedOrder)

    async def settled(self, order_id: str, watch: Callable[[PlacedOrder], None] = lambda _: None) -> PlacedOrder:
        """Wait until every line is bought, refused or stopped; `watch` is called each time that a line has moved.

        Raises WorkflowFailed where the order was not taken in, NotFound, and NotAnswered where no line moves any more.
        """
        return await result_of(
            _name(order_id), self._client, self.handle(order_id), partial(self.order, order_id), watch
        )

    async def _start(self, start: PlaceOrder, _: timedelta) -> None:
        request = start.request
        lines = "line" if len(request.lines) == 1 else "lines"
        try:
            await self._client.start_workflow(
                OrderWorkflow.run,
                start,
                id=order_workflow_id(request.order_id),
                task_queue=self._task_queue,
                # A running order is compared with this one below.
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                task_timeout=options.TASK_TIMEOUT,
                search_attributes=search_attributes.of_customer(request.customer),
                static_summary=f"{len(request.lines)} {lines} for {request.customer}",
            )
        except WorkflowAlreadyStartedError:
            if await self._query(request.order_id, "request", OrderRequest) != request:
                raise Rejected(
                    f"order {request.order_id} is being bought with other content; "
                    "send that again, or choose another id"
                ) from None

    async def _query(self, order_id: str, query: str, result: type[T]) -> T:
        target = self._target(order_id)
        try:
            return await target.query(query, result, reject=QueryRejectCondition.NOT_COMPLETED_CLEANLY)
        except Rejected as error:
            raise await self._why_rejected(order_id, error) from None

    async def _why_rejected(self, order_id: str, error: Rejected) -> CallError:
        """The error of a failed run. It answers no query: it would show what was sent, not what was bought."""
        handle = self.handle(order_id)
        if (await handle.describe(rpc_timeout=options.ANSWER_TIMEOUT)).close_time is None:
            return error
        try:
            await handle.result(rpc_timeout=options.ANSWER_TIMEOUT)
        except WorkflowFailureError as failure:
            return WorkflowFailed(failure_message(failure))
        return error

    def _target(self, order_id: str) -> Target:
        not_found = NotFound(f"There is no order {order_id} on this server.", NextStep(Do.LIST_ORDERS))
        return Target(self._client, order_workflow_id(order_id), _name(order_id), not_found)


def _name(order_id: str) -> str:
    return f"order {order_id}"
