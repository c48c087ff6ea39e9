"""A shop on a live world: a catalog that is imported, customers of a test's own, and orders that are placed there."""

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from activities.orders.contracts import PlacedOrder
from activities.settings import Settings
from domain.catalog.catalog import Contents, ListedOffer
from domain.catalog.changes import Imported
from domain.ordering.lines import OrderRequest
from hosting.assembly import World
from perennial.sources.catalog import CatalogBook
from tests.support.shop.buyers import customer, request
from tests.support.shop.catalog import OFFERS, OPENED, PARTNERS
from workflows.durable.clock import TestClock

_numbers = itertools.count(1)


async def imported(catalog: CatalogBook, *offers: ListedOffer, at: datetime | None = None, **records: Any) -> Imported:
    """The offers, and other records, as an import brings them into the catalog."""
    contents = Contents(offers=offers, partners=PARTNERS, **records)
    return await catalog.import_contents(contents, "a test", at or datetime.now(UTC))


@contextmanager
def locked_books(settings: Settings) -> Iterator[None]:
    """Lock the database from outside: inside, every order waits and its activities are retried."""
    connection = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"), isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


class Shop:
    """Orders in one world; each customer and order has an id that no other test uses."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def customer(self, **changes: Any) -> str:
        """A new customer's id; the catalog has every offer afterwards."""
        fields = {"id": f"customer-{next(_numbers)}", "account_opened": OPENED, **changes}
        await imported(self.world.books.catalog, *OFFERS, customers=(customer(**fields),))
        return str(fields["id"])

    def order(self, customer_id: str, *lines: dict[str, Any], **changes: Any) -> OrderRequest:
        """An order with a new id, not sent yet."""
        return request(*lines, **{"order_id": f"order-{next(_numbers)}", "customer": customer_id, **changes})

    async def buy(self, wanted: OrderRequest, at: datetime | None = None) -> PlacedOrder:
        """Send the order, with a test clock at that instant if it is given, and wait until it is settled."""
        clock = TestClock.ahead_by(at - datetime.now(UTC)) if at else TestClock()
        await self.world.server.orders.place(wanted, clock=clock)
        order = await self.world.server.orders.settled(wanted.order_id)
        for line in order.lines:
            if line.status == "bought":
                await self.world.server.subscriptions.settled(line.subscription_id)
        return order

    async def buy_one(self, customer_id: str, offer_id: str, **changes: Any) -> str:
        """The id of the one subscription of a new order."""
        order = await self.buy(self.order(customer_id, {"offer": offer_id}), **changes)
        assert [line.status for line in order.lines] == ["bought"], order
        return order.lines[0].subscription_id
