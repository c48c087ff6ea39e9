"""Whom new prices concern, and what each is told (BUY-5)."""

from decimal import Decimal

import pytest

from activities.adapters.sql.catalog.catalog import SqlCatalog
from activities.adapters.sql.catalog.price_book import SqlPriceBook
from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.orders import SqlOrders
from activities.prices.contracts import Affected, AffectedInput
from domain.catalog.catalog import Contents
from domain.catalog.offers import Price
from domain.subscription.commands import Cancel, ChangePrice
from domain.subscription.holds import Reason
from tests.support.instants import DAY, START
from tests.support.raw_sql import rows
from tests.support.shop.buyers import customer, partner, request
from tests.support.shop.offers import listed
from tests.support.shop.orders import placed, started, stock, versioned

IMPORTED = START + 10 * DAY
PRICES = [{"at": START + 10 * DAY, "unit_price": "11.00"}, {"at": START + 20 * DAY, "unit_price": "12.00"}]


@pytest.fixture
def book(database: Database) -> SqlPriceBook:
    return SqlPriceBook(database)


async def sell(database: Database) -> None:
    """Of the repriced offer: one ended, one recorded, two about to begin, one refused; and one of another offer."""
    await stock(database, partner(), customer(), listed(prices=PRICES), listed(id="other"))
    orders = SqlOrders(database)
    await placed(orders, request({}, {}, {}, {}, {"offer": "other"}, {"quantity": 20_000}))
    ended = await started(database, number=1)
    await ended.ask(Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), START)
    await started(database, number=2)
    await orders.note_started("o-1", 4)
    await versioned(database, 1)
    await versioned(database, 2, IMPORTED, ["contoso-crm"])


async def test_who_is_concerned(database: Database, book: SqlPriceBook) -> None:
    await sell(database)
    pages, after = [], None
    while (page := await book.affected(AffectedInput(version=2, after=after, limit=2))).subscription_ids:
        pages.append((page.subscription_ids, page.total))
        after = page.subscription_ids[-1]
    assert pages == [(("o-1-2", "o-1-3"), 3), (("o-1-4",), 1)]
    assert await book.affected(AffectedInput(version=1, limit=2)) == Affected(subscription_ids=(), total=0)


async def test_nobody_is_lost_who_begins_between_two_pages(database: Database, book: SqlPriceBook) -> None:
    await sell(database)
    first = await book.affected(AffectedInput(version=2, limit=1))
    await started(database, number=3)
    rest = await book.affected(AffectedInput(version=2, after=first.subscription_ids[-1], limit=5))
    assert (first.subscription_ids, rest.subscription_ids) == (("o-1-2",), ("o-1-3", "o-1-4"))


async def test_what_they_are_told(database: Database, book: SqlPriceBook) -> None:
    """BUY-5: the price at the version's instant, and all that come after it; again, the same command."""
    await sell(database)
    ids = ("o-1-4", "o-1-2", "o-1-1", "nobody")
    messages = await book.messages(2, ids)
    # What has ended is told nothing.
    assert [(message.subscription_id, message.started) for message in messages] == [("o-1-4", False), ("o-1-2", True)]
    assert messages[0].command == ChangePrice(
        by="system",
        command_id="prices-2",
        unit_price=Decimal("11.00"),
        holds_from=IMPORTED,
        later=(Price(at=START + 20 * DAY, unit_price=Decimal("12.00")),),
        catalog_version=2,
    )
    assert {message.command.fingerprint() for message in messages} == {messages[0].command.fingerprint()}
    assert await book.messages(2, ids) == messages


async def test_each_version_tells_its_own_prices(database: Database, book: SqlPriceBook) -> None:
    """Also when a later import has changed them again, taken one back, or changed something else."""
    await sell(database)
    catalog, ids = SqlCatalog(database), ("o-1-2", "o-1-5")
    imports = {
        3: listed(prices=[PRICES[0], {"at": START + 20 * DAY, "unit_price": "13.00"}]),
        4: listed(prices=PRICES[:1]),
        5: listed(id="other", prices=[{"at": START + 15 * DAY, "unit_price": "9.00"}]),
    }
    for version, offer in imports.items():
        at = IMPORTED + version * DAY
        assert (await catalog.import_contents(Contents(offers=(offer,)), "a test", at)).version == version
    for version, offer in imports.items():
        (message,) = await book.messages(version, ids)
        assert message.subscription_id == ids[offer.id == "other"]
        command, at = message.command, IMPORTED + version * DAY
        assert (command.command_id, command.catalog_version) == (f"prices-{version}", version)
        assert (command.unit_price, command.holds_from) == (offer.price_at(at), at)
        assert command.later == offer.coming_prices(at)


async def test_a_version_from_before_price_lists_tells_the_newest_prices(
    database: Database, book: SqlPriceBook
) -> None:
    await sell(database)
    offer = listed(prices=[PRICES[0], {"at": START + 20 * DAY, "unit_price": "13.00"}])
    await SqlCatalog(database).import_contents(Contents(offers=(offer,)), "a test", IMPORTED + DAY)
    (message,) = await book.messages(2, ("o-1-2",))
    assert message.command.command_id == "prices-2"
    assert message.command.later == offer.prices[1:]


async def test_a_version_that_does_not_exist_tells_nothing(database: Database, book: SqlPriceBook) -> None:
    await sell(database)
    assert await book.messages(9, ("o-1-2",)) == []


async def test_a_catalog_without_a_version_tells_nothing(book: SqlPriceBook) -> None:
    assert await book.messages(1, ("o-1-1",)) == []


async def test_it_is_noted_once_that_all_were_told(database: Database, book: SqlPriceBook) -> None:
    async def told_at() -> list[str | None]:
        return [row[0] for row in await rows(database, "SELECT told_at FROM catalog_version ORDER BY number")]

    await sell(database)
    assert await told_at() == [None, None]
    await book.note_all_sent(2)
    first = await told_at()
    assert first[0] is None
    assert first[1] is not None
    await book.note_all_sent(2)
    assert await told_at() == first
