"""What ordering needs of the world. Adapters implement it."""

from datetime import timedelta
from typing import Protocol

from activities.orders.contracts import OpenInput, OrderLine, PlacedOrder, PlaceInput
from domain.ordering.terms import Order


class Orders(Protocol):
    """Orders, their lines, and what each line claims (BUY-3, ELG-1, TRI-4)."""

    async def open(self, entry: OpenInput) -> PlacedOrder:
        """Record the order with all its lines waiting. If it is known, set its refused lines to waiting again.

        Raises OrderConflict if the id belongs to an order with other content.
        """

    async def place(self, line: PlaceInput) -> OrderLine:
        """Place or refuse a waiting line and take its claims, in one transaction. Any other line is left as it is."""

    async def purchase(self, order_id: str, number: int) -> Order:
        """The terms that the placed line's subscription starts with; the same for every call."""

    async def partner(self, customer_id: str) -> str | None:
        """The partner that sells to the customer; None for one without a record."""

    async def note_started(self, order_id: str, number: int) -> OrderLine:
        """Record that the line's subscription has started. Repeating it changes nothing."""


class Launcher(Protocol):
    """Starts subscriptions on the Temporal server."""

    async def launch(
        self,
        order: Order,
        *,
        partner: str | None,
        ahead_by: timedelta | None,
        periods_per_run: int,
        order_id: str | None = None,
    ) -> None:
        """Start the subscription, which its partner sells and the order bought. If it has started, nothing changes."""
