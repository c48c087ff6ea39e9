"""A shop for the tests: records of the catalog, put into a database by plain inserts, and what is bought there."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert

from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.orders import SqlOrders
from activities.adapters.sql.tables.catalog import catalog_version, price_change
from activities.adapters.sql.tables.catalog import customer as customer_table
from activities.adapters.sql.tables.catalog import offer as offer_table
from activities.adapters.sql.tables.catalog import partner as partner_table
from activities.orders.contracts import OpenInput, OrderLine, PlacedOrder, PlaceInput
from domain.catalog.catalog import ListedOffer
from domain.catalog.changes import Changes
from domain.catalog.customers import Customer, Partner
from domain.ordering.lines import OrderRequest
from tests.support.books.player import Player
from tests.support.books.subscription import BooksUnderTest, InSql
from tests.support.instants import START
from tests.support.shop.buyers import customer, partner
from tests.support.shop.offers import listed


async def stock(database: Database, *records: Partner | Customer | ListedOffer) -> None:
    """Put the records into the catalog; without any, one of each kind."""
    await database.write(_insert, records or (partner(), customer(), listed()))


async def versioned(database: Database, number: int, at: datetime = START, repriced: Sequence[str] = ()) -> None:
    """Number the catalog as it is, as if an import had changed these offers' prices."""
    await database.write(_insert_version, number, at, repriced)


async def opened(orders: SqlOrders, wanted: OrderRequest, at: datetime = START) -> PlacedOrder:
    return await orders.open(OpenInput(request=wanted, at=at))


async def placed(orders: SqlOrders, wanted: OrderRequest, at: datetime = START) -> list[OrderLine]:
    """The order taken in and each of its lines placed, in order."""
    order = await opened(orders, wanted, at)
    return [await orders.place(PlaceInput(order_id=order.order_id, number=line.number, at=at)) for line in order.lines]


def line(number: int = 1, order_id: str = "o-1") -> PlaceInput:
    """An order's line, to be placed."""
    return PlaceInput(order_id=order_id, number=number, at=START)


def statuses(lines: Iterable[OrderLine]) -> list[str]:
    return [found.status.value for found in lines]


def rules(lines: Iterable[OrderLine]) -> list[str | None]:
    """By which rule each line is refused."""
    return [found.refusal.rule if found.refusal else None for found in lines]


async def started(database: Database, order_id: str = "o-1", number: int = 1) -> Player:
    """The placed line's life at its beginning, recorded, as its workflow would."""
    orders = SqlOrders(database)
    books: BooksUnderTest = InSql(database)
    player = Player(books, await orders.purchase(order_id, number))
    await player.perform()
    await orders.note_started(order_id, number)
    return player


def _insert(connection: Connection, records: Sequence[Partner | Customer | ListedOffer]) -> None:
    # A customer's partner is there before the customer.
    for record in sorted(records, key=lambda record: not isinstance(record, Partner)):
        if isinstance(record, Partner):
            connection.execute(insert(partner_table).values(id=record.id, record=record))
        elif isinstance(record, Customer):
            columns = {"id": record.id, "partner_id": record.partner, "record": record}
            connection.execute(insert(customer_table).values(columns))
        else:
            columns = {
                "id": record.id,
                "publisher": record.publisher.value,
                "billing_type": record.billing_type.value,
                "category": record.category.value,
                "one_per_customer": record.one_per_customer,
                "vendor": record.vendor,
                "record": record,
            }
            connection.execute(insert(offer_table).values(columns))


def _insert_version(connection: Connection, number: int, at: datetime, repriced: Sequence[str]) -> None:
    columns = {"number": number, "at": at, "source": "a test", "changes": Changes()}
    connection.execute(insert(catalog_version).values(columns))
    for offer_id in repriced:
        connection.execute(insert(price_change).values(version=number, offer_id=offer_id))
