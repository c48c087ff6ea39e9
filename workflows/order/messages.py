"""The public contract of `OrderWorkflow`: its start and queries. It takes no updates and no signals."""

from typing import Annotated

from pydantic import Field

from activities.orders.contracts import LineStatus, OrderLine, PlacedOrder
from domain.ordering.lines import OrderRequest
from domain.values import Instant, Strict
from workflows.durable.clock import TestClock


class PlaceOrder(Strict):
    """Buys an order. The clock is given to each subscription that it buys."""

    request: OrderRequest
    clock: TestClock | None = None
    periods_per_run: Annotated[int, Field(ge=1, le=1000)] = 3

    def waiting(self, at: Instant) -> PlacedOrder:
        """The order before its first line is placed."""
        request = self.request
        lines = tuple(
            OrderLine(
                number=number,
                offer=line.offer,
                quantity=line.quantity,
                add_ons=line.add_ons,
                subscription_id=request.subscription_id(number),
                status=LineStatus.WAITING,
            )
            for number, line in enumerate(request.lines, start=1)
        )
        return PlacedOrder(order_id=request.order_id, customer=request.customer, ordered_at=at, lines=lines)
