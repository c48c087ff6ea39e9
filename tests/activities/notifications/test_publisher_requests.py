"""A publisher's signed request is taken once, and whose a subscription is."""

import asyncio
from datetime import timedelta

from activities.adapters.sql.catalog.catalog import SqlCatalog
from activities.adapters.sql.database import Database
from activities.adapters.sql.notifications.publisher_requests import SqlPublisherRequests
from activities.adapters.sql.orders.orders import SqlOrders
from domain.catalog.catalog import Contents
from tests.support.books.short_lives import LICENCE, bought
from tests.support.books.subscription import InSql
from tests.support.instants import START
from tests.support.raw_sql import rows
from tests.support.shop.buyers import customer, partner, request
from tests.support.shop.offers import SETUP, listed
from tests.support.shop.orders import placed, started, stock

KEPT = timedelta(minutes=10)
TICK = timedelta(microseconds=1)


async def test_a_request_id_is_taken_once_by_each_publisher(database: Database) -> None:
    requests = SqlPublisherRequests(database, KEPT)
    taken = [
        await requests.take(publisher, request_id, START)
        for publisher in ("contoso", "wingtip")
        for request_id in ("r:1", "r:1", "R:1", "x" * 200)
    ]
    assert taken == [True, False, True, True] * 2


async def test_of_two_at_once_exactly_one_is_taken(url: str) -> None:
    async with Database(url) as here, Database(url) as there:
        books = [SqlPublisherRequests(here, KEPT), SqlPublisherRequests(there, KEPT)]
        for number in range(5):
            tries = [books[n % 2].take("contoso", f"r-{number}", START) for n in range(10)]
            assert sorted(await asyncio.gather(*tries)) == [False] * 9 + [True]


async def test_an_id_is_remembered_as_long_as_its_request_can_be_fresh(database: Database) -> None:
    requests = SqlPublisherRequests(database, KEPT)
    assert await requests.take("contoso", "r-1", START)
    assert not await requests.take("contoso", "r-1", START + KEPT)
    assert await requests.take("contoso", "r-2", START + KEPT + TICK)
    assert await rows(database, "SELECT request_id FROM publisher_request") == [("r-2",)]


async def test_whose_a_subscription_is(database: Database) -> None:
    """As soon as it is placed, and as the catalog has its offer now."""
    catalog = SqlCatalog(database)
    await stock(database, partner(), customer(), listed(**SETUP), listed(id="plain", vendor=None))
    await placed(SqlOrders(database), request({}, {"offer": "plain"}))
    assert [await catalog.publisher_of(each) for each in ("o-1-1", "o-1-2", "nobody")] == ["contoso", None, None]
    await started(database)
    assert await catalog.publisher_of("o-1-1") == "contoso"
    await catalog.import_contents(Contents(offers=(listed(**SETUP, vendor="fourth-coffee"),)), "x", START)
    assert await catalog.publisher_of("o-1-1") == "fourth-coffee"
    await bought(InSql(database), {**LICENCE, "id": "unlisted"})
    assert await catalog.publisher_of("s-1") is None
