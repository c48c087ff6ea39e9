"""The subscriptions that forecasts read: those to which something will happen, with usage that is not billed yet."""

from decimal import Decimal

import pytest

from activities.adapters.sql.catalog.catalog import SqlCatalog
from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.portfolio import SqlPortfolio
from activities.billing.contracts import Whose
from domain.catalog.catalog import Contents
from domain.subscription.commands import Cancel, ReportUsage, Suspend
from domain.subscription.holds import Reason
from tests.support.books.short_lives import LICENCE, METER, bought
from tests.support.books.subscription import InSql
from tests.support.instants import DAY, START
from tests.support.raw_sql import change
from tests.support.shop.buyers import customer, partner
from tests.support.shop.catalog import OPENED
from tests.support.shop.offers import listed

ALL = Whose()


async def test_the_living_as_their_last_events_left_them_page_by_page(database: Database) -> None:
    books, portfolio = InSql(database), SqlPortfolio(database)
    players = [await bought(books, LICENCE, f"s-{number}") for number in range(4)]
    await players[1].ask(Suspend(by="admin_agent", reason=Reason.FRAUD), START + DAY)
    await players[2].ask(Cancel(by="admin_agent", reason=Reason.FRAUD), START)
    first, rest = await portfolio.page(ALL, 2), await portfolio.page(ALL, 2, "s-1")
    living = [player for number, player in enumerate(players) if number != 2]
    assert [each.subscription for each in (*first, *rest)] == [
        player.life.subscription.model_copy(update={"refundable": {}}) for player in living
    ]
    assert await portfolio.page(ALL, 2, "s-3") == []
    assert await portfolio.size(ALL) == 3


async def test_with_the_usage_that_is_not_billed_yet(database: Database) -> None:
    books, portfolio = InSql(database), SqlPortfolio(database)
    players = [await bought(books, METER, f"m-{number}") for number in range(2)]
    for units in (2, 3):
        report = ReportUsage(by="service", units=Decimal(units), usage_id=f"u-{units}")
        await players[1].ask(report, START + units * DAY)
    usage = {each.subscription_id: [one.units for one in each.usage] for each in await portfolio.page(ALL, 10)}
    assert usage == {"m-0": [], "m-1": [2, 3]}
    assert {key: len(found) for key, found in (await books.unbilled(["m-0", "m-1"])).items()} == {"m-1": 2}


@pytest.mark.parametrize("snapshot", ["'no JSON'", "'{}'", "NULL"])
async def test_what_cannot_be_read_does_not_hide_the_others(database: Database, snapshot: str) -> None:
    books, portfolio = InSql(database), SqlPortfolio(database)
    for number in range(3):
        await bought(books, LICENCE, f"s-{number}")
    await change(database, f"UPDATE subscription SET snapshot = {snapshot} WHERE id = 's-1'")
    found = {each.subscription_id: each.subscription is not None for each in await portfolio.page(ALL, 10)}
    assert found == {"s-0": True, "s-1": False, "s-2": True}


async def test_whose_they_are(database: Database) -> None:
    books, portfolio = InSql(database), SqlPortfolio(database)
    await bought(books, LICENCE, "s-1")
    offers = (listed(id=LICENCE["id"], vendor="contoso"), listed(id="other", vendor="wingtip"))
    buyers = (customer(id="fabrikam", account_opened=OPENED), customer(id="adatum", account_opened=OPENED))
    contents = Contents(partners=(partner(), partner(id="tailspin", name="T")), customers=buyers, offers=offers)
    await SqlCatalog(database).import_contents(contents, "a test", START)
    sizes = {
        Whose(customer="fabrikam"): 1,
        Whose(customer="adatum"): 0,
        Whose(publisher="contoso"): 1,
        Whose(publisher="wingtip"): 0,
        Whose(partner="northwind"): 1,
        Whose(partner="tailspin"): 0,
        ALL: 1,
    }
    assert {whose: await portfolio.size(whose) for whose in sizes} == sizes
    assert all([await portfolio.knows(whose) for whose in sizes])
    unknown = [Whose(customer="nobody"), Whose(publisher="nobody"), Whose(partner="nobody")]
    assert not any([await portfolio.knows(whose) for whose in unknown])
    assert [await portfolio.size(whose) for whose in unknown] == [0, 0, 0]


async def test_who_has_test_clocks(database: Database) -> None:
    books = InSql(database)
    assert await books.test_clock_customers() == []
    player = await bought(books, LICENCE, "s-1")
    assert await books.test_clock_customers() == ["fabrikam"]
    await player.ask(Cancel(by="admin_agent", reason=Reason.FRAUD), START)
    assert await books.test_clock_customers() == []
