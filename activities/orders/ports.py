"""What ordering needs of the world. Adapters implement it."""

from datetime import timedelta
from typing import Protocol

from activities.orders.contracts import OpenInput, OrderLine, PlacedOrder, PlaceInput
from domain.ordering.terms import Order


class Orders(Protocol):
    """Orders and their lines, with what each line claims (BUY-3, ELG-1, TRI-4)."""

    async def open(self, entry: OpenInput) -> PlacedOrder:
        """Take the order in, all its lines waiting; or take it up again: lines that were refused wait again.

        Raises OrderConflict where the id belongs to an order of other content.
        """
        ...

    async def place(self, line: PlaceInput) -> OrderLine:
        """Decide the line and take its claims in one transaction; once placed, it stays as it was placed."""
        ...

    async def purchase(self, order_id: str, number: int) -> Order:
        """What the placed line's subscription begins with: always the same."""
        ...

    async def note_started(self, order_id: str, number: int) -> OrderLine:
        """Note that the line's subscription has started; again changes nothing."""
        ...


class Launcher(Protocol):
    """Where subscriptions live."""

    async def launch(self, order: Order, *, ahead_by: timedelta | None, periods_per_run: int) -> None:
        """Start the subscription's life; where it has begun already, this changes nothing."""
        ...
