"""Send orders, wait for them, and look at them (BUY-3)."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from temporalio.service import RPCError

from activities.orders.contracts import LineStatus, PlacedOrder
from domain.next_step import Do, NextStep, PerennialError, RefusedByRule
from domain.ordering.eligibility import content_refusals
from domain.ordering.lines import Line, OrderRequest
from domain.ordering.setup_link import SetupLink
from domain.roles import Action, denial
from perennial.sources.books import Books, NotInBooks
from perennial.sources.sources import Sources
from workflows.calls.errors import NotAnswered, NotFound
from workflows.durable.clock import TestClock

PAGE = 500
"""The books are read this many orders at a time."""
Watch = Callable[[PlacedOrder], None]


class OrderUnanswered(PerennialError):
    """The server did not answer. The order may have been taken: the same request again continues it (BUY-3)."""

    def __init__(self, request: OrderRequest, error: Exception) -> None:
        known = error if isinstance(error, PerennialError) else None
        said = " ".join((known.message if known else str(error)).split())
        message = f"{said[:1].upper()}{said[1:]}{'' if said.endswith(('.', '?', '!')) else '.'}"
        super().__init__(message, known.next_step if known else None)
        self.request = request


@dataclass(frozen=True)
class BoughtOrder:
    """An order as it stands, and a set-up link for each of its subscriptions that waits for its publisher (ISV-1)."""

    order: PlacedOrder
    links: Mapping[str, SetupLink] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every line is bought."""
        return all(line.status is LineStatus.BOUGHT for line in self.order.lines)


class Orders:
    """Orders for one or more lines, and what became of them."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def buy(self, request: OrderRequest, *, begins: datetime | None = None) -> None:
        """Send an order without a cart. Returns once the server has it; `settled` waits for its result.

        With `begins`, its subscriptions live on a test clock that now shows that instant. The same request again buys
        nothing twice (BUY-3). Raises RefusedByRule if the customer or an offer is unknown, or if no customer could buy
        a line as it is (ELG-6, ELG-8, BUY-4); OrderUnanswered; Rejected if the id belongs to another order.
        """
        check_buyer(request.by)
        await self._sources.server()
        books = await self._sources.books()
        await books.buyer(request.customer)
        for line in request.lines:
            await check_line(books, line)
        await self.send(request, begins=begins)

    async def send(self, request: OrderRequest, *, begins: datetime | None = None) -> None:
        """Send an order, unchecked: its workflow decides on each line.

        Raises OrderUnanswered, and Rejected if the id belongs to another order.
        """
        server = await self._sources.server()
        clock = TestClock.ahead_by(begins - self._sources.now()) if begins else None
        try:
            await server.orders.place(request, clock=clock, periods_per_run=server.periods_per_run)
        except (NotAnswered, RPCError) as error:
            raise OrderUnanswered(request, error) from None

    async def settled(self, request: OrderRequest, watch: Watch = lambda _: None) -> BoughtOrder:
        """Wait until every line of the order is bought, refused or stopped by an error; `watch` sees each change.

        Raises OrderUnanswered, and Rejected if the id belongs to another order.
        """
        server = await self._sources.server()
        try:
            order = await server.orders.settled(request.order_id, watch)
        except (NotAnswered, RPCError) as error:
            raise OrderUnanswered(request, error) from None
        return await self.with_links(order)

    async def recorded(self, order: PlacedOrder) -> None:
        """Wait until each bought subscription is in the books and provisioned."""
        server = await self._sources.server()
        for line in order.lines:
            if line.status is LineStatus.BOUGHT:
                # One that was bought long ago may have ended since, and the server forgotten it.
                with contextlib.suppress(NotFound):
                    await server.subscriptions.committed(line.subscription_id, 1)

    async def with_links(self, order: PlacedOrder) -> BoughtOrder:
        """Return the order with a new link for each subscription that waits for its publisher (ISV-1, ISV-3)."""
        bought = [line.subscription_id for line in order.lines if line.status is LineStatus.BOUGHT]
        books = await self._sources.books()
        return BoughtOrder(order, await books.setup_links.issue_for(bought, self._sources.now()))

    async def show(self, order_id: str) -> PlacedOrder:
        """Show an order: from the books, or from the server if it was only just sent. Raises NotFound."""
        books = await self._sources.books()
        if (found := await books.orders.order(order_id)) is not None:
            return found
        server = await self._sources.server()
        return await server.orders.order(order_id)

    async def list(
        self, customer: str | None = None, *, limit: int = 50, after: str | None = None
    ) -> list[PlacedOrder]:
        """List up to `limit` orders, all or a customer's, newest first, from behind the order `after` on.

        Raises NotInBooks if there is no order `after`.
        """
        books = await self._sources.books()
        if after is not None and await books.orders.order(after) is None:
            raise NotInBooks(f"There is no order {after}.", NextStep(Do.LIST_ORDERS))
        found: list[PlacedOrder] = []
        while len(found) < limit:
            size = min(limit - len(found), PAGE)
            page = await books.orders.orders(customer=customer, limit=size, after=after)
            found += page
            if len(page) < size:
                break
            after = page[-1].order_id
        return found


def check_buyer(by: str) -> None:
    """Raise RefusedByRule if that role or party may not buy (ROL-1, ROL-4)."""
    if denied := denial(by, Action.BUY):
        raise RefusedByRule(denied.rule, denied.message)


async def check_line(books: Books, line: Line) -> None:
    """Raise RefusedByRule if no customer could buy the line: its offer, quantity or add-ons (ELG-6, ELG-8, BUY-4)."""
    for refusal in content_refusals(await books.sold(line.offer), line):
        raise RefusedByRule(refusal.rule, str(refusal))
