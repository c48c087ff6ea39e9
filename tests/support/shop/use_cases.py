"""The use cases on a database of the test's own. Orders are placed in it directly, without a Temporal server."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from activities.adapters.sql.database import Database
from activities.adapters.sql.locks import Lock
from activities.adapters.sql.orders.orders import SqlOrders
from activities.orders.contracts import LineStatus, PlacedOrder
from activities.provisioning.door import Visits
from domain.ordering.lines import OrderRequest
from hosting.sql_books import books_in
from perennial.sources.server import Server
from perennial.sources.sources import Sources
from perennial.use_cases import Perennial
from tests.support.instants import START
from tests.support.shop.orders import opened, placed, started


class CountedDatabase(Database):
    """A database that counts its transactions, as `read` and `write`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.transactions: Counter[str] = Counter()

    async def read(self, ask: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.transactions["read"] += 1
        return await super().read(ask, *args, **kwargs)

    async def _write(self, locks: tuple[Lock, ...], change: Callable[..., Any]) -> Any:
        self.transactions["write"] += 1
        return await super()._write(locks, change)


class OrdersAtOnce:
    """In place of the client of orders: decides and starts all lines as soon as the order is sent."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.sent: list[OrderRequest] = []

    async def place(self, request: OrderRequest, **_: Any) -> None:
        self.sent.append(request)
        orders = SqlOrders(self._database)
        await opened(orders, request)
        for line in await placed(orders, request):
            if line.status is LineStatus.PLACED:
                await started(self._database, request.order_id, line.number)

    async def settled(self, order_id: str, watch: Callable[[PlacedOrder], None]) -> PlacedOrder:
        order = await SqlOrders(self._database).order(order_id)
        assert order is not None
        watch(order)
        return order


@dataclass
class Shop:
    """The use cases of a shop at an instant that the test sets, with what they did to database and server."""

    perennial: Perennial
    database: CountedDatabase
    orders: OrdersAtOnce
    now: datetime = START

    def transactions(self) -> dict[str, int]:
        """The transactions since the last call."""
        found = dict(self.database.transactions)
        self.database.transactions.clear()
        return found


@asynccontextmanager
async def shop_in(url: str) -> AsyncIterator[Shop]:
    """The use cases on that database, which has its tables."""
    async with CountedDatabase(url) as database, Database(url) as uncounted:
        orders = OrdersAtOnce(uncounted)

        async def server() -> Server:
            nothing, of_orders = cast(Any, None), cast(Any, orders)
            others = dict.fromkeys(
                ("client", "subscriptions", "accounts", "prices", "bulks", "notifications", "runs"), nothing
            )
            return Server(**others, orders=of_orders, task_queue="", periods_per_run=3, spread=timedelta(0))

        async def books() -> Any:
            return books_in(database)

        async def nobody_visits(_: str) -> Visits:
            raise AssertionError("no use case of a shop asks the tenant service")

        made = Shop(Perennial(Sources(server, books, nobody_visits, lambda: made.now)), database, orders)
        yield made
