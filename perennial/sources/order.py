"""Ports for carts, orders and set-up links. Adapters implement them."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Protocol

from activities.orders.contracts import PlacedOrder
from domain.ordering.cart import Cart
from domain.ordering.lines import Line
from domain.ordering.placement import CartFacts
from domain.ordering.setup_link import Resolved, SetupLink


class Carts(Protocol):
    """The carts of all customers (BUY-1)."""

    async def facts(self, customer_id: str, cart_id: str | None = None) -> CartFacts | None:
        """Read the customer's newest cart, or the given one, and what a review of it needs, in one transaction.

        None if the customer has no such cart. Raises CartRefused if there is no such customer (ELG-8).
        """

    async def add(self, customer_id: str, new_id: str, line: Line, now: datetime) -> Cart:
        """Add the line to the customer's open cart, or to a new one with the id `new_id`.

        Raises CartRefused if the cart is full (BUY-1), or if there is no such customer (ELG-8).
        """

    async def update(self, cart_id: str, change: Callable[[Cart], Cart]) -> Cart:
        """Change the cart in one transaction, and return it.

        Raises CartRefused if the change does, or if there is no such cart.
        """


class OrderReader(Protocol):
    """Orders and what became of their lines."""

    async def order(self, order_id: str) -> PlacedOrder | None:
        """Return the order as it is now; None if the books do not know it."""

    async def orders(
        self, customer: str | None = None, limit: int = ..., after: str | None = None
    ) -> list[PlacedOrder]:
        """Return one page, newest first; the next page begins `after` the id of its last order."""


class SetupLinks(Protocol):
    """Set-up links and their tokens (ISV-3)."""

    async def issue(self, subscription_id: str, now: datetime) -> SetupLink:
        """Issue a new link for the subscription. Earlier ones stay valid until they expire.

        Raises TokenRefused if the subscription is unknown, needs no set-up (ISV-5), or the catalog has no address.
        """

    async def issue_for(self, subscription_ids: Collection[str], now: datetime) -> dict[str, SetupLink]:
        """Issue a link for each of the subscriptions that waits for its publisher, and return them by subscription id.

        Those without a set-up address in the catalog are left out.
        """

    async def resolve(self, token: str, now: datetime) -> Resolved:
        """Return the purchase that the token stands for, in whatever state it is. Raises TokenRefused."""
