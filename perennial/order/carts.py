"""Fill, review and buy a customer's cart (BUY-1 to BUY-3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.catalog.customers import Customer
from domain.next_step import Do, NextStep
from domain.ordering.cart import Cart
from domain.ordering.lines import Line, OrderRequest
from domain.ordering.placement import CartFacts
from domain.roles import DEFAULT_ACTOR
from perennial.order.ids import new_cart_id
from perennial.order.orders import BoughtOrder, Orders, check_buyer, check_line
from perennial.order.review import Reviewed
from perennial.sources.books import Books, NotInBooks
from perennial.sources.sources import Sources
from statemachines.preview.review import review


@dataclass(frozen=True)
class CartShown:
    """A cart at the instant `at`, its customer, and the names of its offers. Offers that left the catalog have none."""

    cart: Cart
    customer: Customer
    offer_names: Mapping[str, str]
    at: datetime


@dataclass(frozen=True)
class CartOrder:
    """The order that a cart became. `bought` is its result if every line had been bought before; else wait for it."""

    request: OrderRequest
    bought: BoughtOrder | None = None


class Carts:
    """The carts of customers. All methods raise RefusedByRule for an unknown customer (ELG-8).

    Those that work on an existing cart take the newest one, and raise NotInBooks if the customer has none.
    """

    def __init__(self, sources: Sources, orders: Orders) -> None:
        self._sources = sources
        self._orders = orders

    async def show(self, customer_id: str) -> CartShown:
        """Show the customer's newest cart, whatever its state."""
        facts = await self._facts(await self._sources.books(), customer_id)
        return self._shown(facts, facts.cart)

    async def add(self, customer_id: str, line: Line) -> CartShown:
        """Add a line to the customer's open cart, or to a new one (BUY-1).

        Raises RefusedByRule if no customer could buy the line (ELG-6, ELG-8, BUY-4), or if the cart is full.
        """
        books = await self._sources.books()
        await books.buyer(customer_id)
        await check_line(books, line)
        cart = await books.carts.add(customer_id, new_cart_id(customer_id), line, self._sources.now())
        facts = await self._facts(books, customer_id, cart.id)
        return self._shown(facts, facts.cart)

    async def remove(self, customer_id: str, number: int) -> CartShown:
        """Remove line `number`, counted from 1. Raises RefusedByRule if the cart is not open or has no such line."""
        books = await self._sources.books()
        facts = await self._facts(books, customer_id)
        now = self._sources.now()
        cart = await books.carts.update(facts.cart.id, lambda found: found.removing(number, now))
        return self._shown(facts, cart)

    async def review(self, customer_id: str, *, by: str = DEFAULT_ACTOR) -> Reviewed:
        """Review the cart for a buyer with the role `by`, and keep the terms shown: only they can be bought (BUY-2).

        Raises RefusedByRule if the cart is empty, not open, or was changed at the same time.
        """
        books = await self._sources.books()
        shown = self._reviewed(await self._facts(books, customer_id), by)
        cart = shown.cart
        await books.carts.update(cart.id, lambda found: found.as_reviewed(cart.lines, shown.terms, shown.at))
        return shown

    async def buy(self, customer_id: str, cart_id: str | None = None, *, by: str = DEFAULT_ACTOR) -> CartOrder:
        """Order the customer's newest cart, or the given one, as it was reviewed (BUY-2).

        Returns once the server has the order; `Orders.settled` waits for its result. The same call again, also after a
        crash, continues the same order: what was bought stays, refused lines are tried again (BUY-3). Raises
        RefusedByRule if the role `by` may not buy, or if the cart or its terms changed since the review;
        OrderUnanswered.
        """
        check_buyer(by)
        books = await self._sources.books()
        facts = await self._facts(books, customer_id, cart_id)
        cart = facts.cart
        known = await books.orders.order(cart.id) if cart.ordered_at else None
        if known is not None and BoughtOrder(known).complete:
            return CartOrder(_request(cart, by), await self._orders.with_links(known))
        # Connected first: a cart that is marked as ordered accepts no more changes.
        await self._sources.server()
        if cart.ordered_at is None:
            now = self._reviewed(facts, by)
            cart = await books.carts.update(cart.id, lambda found: found.ordered(now.cart.lines, now.terms, now.at))
        request = _request(cart, by)
        await self._orders.send(request)
        return CartOrder(request)

    async def _facts(self, books: Books, customer_id: str, cart_id: str | None = None) -> CartFacts:
        facts = await books.carts.facts(customer_id, cart_id)
        if facts is not None:
            return facts
        if cart_id:
            raise NotInBooks(f"{customer_id} has no cart {cart_id}.", NextStep(Do.LIST_ORDERS, customer_id))
        raise NotInBooks(f"{customer_id} has no cart.", NextStep(Do.ADD_TO_CART, customer_id, "Start one"))

    def _shown(self, facts: CartFacts, cart: Cart) -> CartShown:
        names = {offer_id: offer.name for offer_id, offer in facts.offers.items()}
        return CartShown(cart, facts.customer, names, self._sources.now())

    def _reviewed(self, facts: CartFacts, by: str) -> Reviewed:
        """The cart's lines as if `by` bought them now. Stores nothing."""
        at = self._sources.now()
        return Reviewed(facts.cart, facts.customer, review(facts, at, by=by), at)


def _request(cart: Cart, by: str) -> OrderRequest:
    return OrderRequest(order_id=cart.id, customer=cart.customer, lines=cart.lines, by=by)
