"""What the use cases read and write of carts, orders and set-up links. Adapters implement it."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from activities.orders.contracts import PlacedOrder
from domain.ordering.cart import Cart
from domain.ordering.lines import Line
from domain.ordering.setup_link import Resolved, SetupLink
from domain.ordering.terms import Order


class Carts(Protocol):
    """The carts of all customers (BUY-1)."""

    async def latest(self, customer_id: str) -> Cart | None:
        """The customer's newest cart, expired or bought as it may be; None before the first."""
        ...

    async def cart(self, cart_id: str) -> Cart | None:
        """The cart; None where there is none of that id."""
        ...

    async def add(self, customer_id: str, new_id: str, line: Line, now: datetime) -> Cart:
        """The customer's open cart with the line; a new one under `new_id` where none is open.

        Raises CartRefused: the cart is full (BUY-1), or there is no such customer (ELG-8).
        """
        ...

    async def update(self, cart_id: str, change: Callable[[Cart], Cart]) -> Cart:
        """The cart as the change leaves it, in one transaction.

        Raises CartRefused where the change does, or where there is no such cart.
        """
        ...


class OrderReader(Protocol):
    """Orders and what became of their lines."""

    async def order(self, order_id: str) -> PlacedOrder | None:
        """The order as it stands; None where the books do not know it."""
        ...

    async def orders(
        self, customer: str | None = None, limit: int = ..., after: str | None = None
    ) -> list[PlacedOrder]:
        """One page, the newest first; the next begins `after` its last order's id."""
        ...

    async def purchase_of(self, subscription_id: str) -> Order | None:
        """What the subscription was bought with; None where no order placed it."""
        ...


class SetupLinks(Protocol):
    """Set-up links and their tokens (ISV-3)."""

    async def issue(self, subscription_id: str, now: datetime) -> SetupLink:
        """A new link for the same purchase; earlier ones stay good until they expire.

        Raises TokenRefused where there is no such purchase, it needs no set-up (ISV-5), or the catalog has no
        address for it.
        """
        ...

    async def resolve(self, token: str, now: datetime) -> Resolved:
        """The purchase of the token, in whatever state it is. Raises TokenRefused."""
        ...
