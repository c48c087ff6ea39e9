"""The catalog in SQL: imports that are whole or nothing, versions, and pages of what is sold."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from activities.adapters.sql.catalog.catalog import AT_ONCE, SqlCatalog
from activities.adapters.sql.catalog.price_book import SqlPriceBook
from activities.adapters.sql.database import Database
from activities.adapters.sql.notifications.publishers import SqlPublishers
from activities.errors import BooksConflict
from cli.catalog.file import read_catalog
from domain.catalog.catalog import Contents
from domain.catalog.importing import ImportRefused
from domain.catalog.offers import BillingType, Category, Publisher
from domain.catalog.publishers import ListedPublisher
from domain.subscription.events import State
from tests.support.books.short_lives import LICENCE, bought
from tests.support.books.subscription import InSql
from tests.support.paths import ROOT
from tests.support.raw_sql import change, rows
from tests.support.shop.buyers import customer, partner
from tests.support.shop.offers import listed

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SAMPLE = ROOT / "scenarios" / "catalog.yaml"
LATER = [{"at": "2027-06-01T00:00:00Z", "unit_price": "12.00"}]


@pytest.fixture
def catalog(database: Database) -> SqlCatalog:
    return SqlCatalog(database)


def contents(*offers: Any, partners: Any = (), customers: Any = ()) -> Contents:
    return Contents(partners=tuple(partners), customers=tuple(customers), offers=tuple(offers))


WHOLE = contents(listed(), partners=[partner()], customers=[customer()])


async def test_an_empty_catalog(catalog: SqlCatalog) -> None:
    assert await catalog.version() is None
    assert await catalog.versions_to_send() == []
    assert await catalog.offer("contoso-crm") is None
    assert await catalog.offers(["contoso-crm"]) == {}
    assert await catalog.customer("fabrikam") is None
    assert await catalog.partner("northwind") is None
    assert await catalog.page() == []
    assert await catalog.customers() == []
    assert await catalog.partners() == []
    assert await catalog.subscriptions_of("fabrikam") == {}


async def test_what_is_imported_is_there(catalog: SqlCatalog) -> None:
    imported = await catalog.import_contents(WHOLE, "a.yaml", NOW)
    assert (imported.version, len(imported.changes.records)) == (1, 3)
    version = await catalog.version()
    assert version is not None
    assert (version.number, version.at, version.source, version.told_at) == (1, NOW, "a.yaml", NOW)
    assert version.changes == imported.changes
    assert await catalog.offer("contoso-crm") == listed()
    assert await catalog.customer("fabrikam") == customer()
    assert await catalog.partner("northwind") == partner()


async def test_the_same_again_is_no_version(catalog: SqlCatalog) -> None:
    await catalog.import_contents(WHOLE, "a.yaml", NOW)
    again = await catalog.import_contents(WHOLE, "b.yaml", NOW + DAY)
    assert (again.version, bool(again.changes)) == (1, False)
    version = await catalog.version()
    assert version is not None
    assert version.source == "a.yaml"


async def test_nothing_over_nothing_is_no_version(catalog: SqlCatalog) -> None:
    assert (await catalog.import_contents(contents(), "a.yaml", NOW)).version == 0
    assert await catalog.version() is None


async def test_a_change_is_the_next_version_and_the_rest_stays(catalog: SqlCatalog) -> None:
    await catalog.import_contents(WHOLE, "a.yaml", NOW)
    changed = listed(name="CRM", category="trial", one_per_customer=True)
    other = listed(id="contoso-erp")
    imported = await catalog.import_contents(contents(changed, other), "b.yaml", NOW + DAY)
    assert imported.version == 2
    assert [(record.id, record.new) for record in imported.changes.records] == [
        ("contoso-crm", False),
        ("contoso-erp", True),
    ]
    assert await catalog.offer("contoso-crm") == changed
    assert await catalog.customer("fabrikam") == customer()
    # What listings filter by has changed with it.
    assert [offer.id for offer in await catalog.page(category=Category.TRIAL)] == ["contoso-crm"]
    assert [offer.id for offer in await catalog.page(one_per_customer=True)] == ["contoso-crm"]


async def test_a_customer_that_moves_is_found_at_its_new_partner(catalog: SqlCatalog) -> None:
    await catalog.import_contents(WHOLE, "a.yaml", NOW)
    moved = contents(partners=[partner(id="tailspin")], customers=[customer(partner="tailspin")])
    await catalog.import_contents(moved, "b.yaml", NOW)
    assert [c.id for c in await catalog.customers(partner="tailspin")] == ["fabrikam"]
    assert await catalog.customers(partner="northwind") == []


async def test_all_or_nothing(catalog: SqlCatalog) -> None:
    await catalog.import_contents(WHOLE, "a.yaml", NOW)
    faulty = contents(
        listed(name="New name"), listed(id="new"), listed(id="bad", exclusive_to=["nobody"]), partners=[partner(id="p")]
    )
    with pytest.raises(ImportRefused) as caught:
        await catalog.import_contents(faulty, "b.yaml", NOW)
    assert [fault.field for fault in caught.value.faults] == ["offers[2].exclusive_to[0]"]
    assert await catalog.offer("new") is None
    assert await catalog.partner("p") is None
    assert await catalog.offer("contoso-crm") == listed()
    version = await catalog.version()
    assert version is not None
    assert version.number == 1


async def test_partners_may_be_in_the_catalog_already(catalog: SqlCatalog) -> None:
    await catalog.import_contents(contents(partners=[partner()]), "a.yaml", NOW)
    assert (await catalog.import_contents(contents(customers=[customer()]), "b.yaml", NOW)).version == 2


async def test_a_preview_writes_nothing(catalog: SqlCatalog) -> None:
    shown = await catalog.preview(WHOLE, NOW)
    assert await catalog.version() is None
    assert await catalog.offer("contoso-crm") is None
    assert await catalog.import_contents(WHOLE, "a.yaml", NOW) == shown
    assert (await catalog.preview(WHOLE, NOW)).version == 1


async def test_buy_5_changed_prices_wait_to_be_told(catalog: SqlCatalog, database: Database) -> None:
    await catalog.import_contents(WHOLE, "a.yaml", NOW)
    await catalog.import_contents(contents(listed(prices=LATER)), "b.yaml", NOW + DAY)
    await catalog.import_contents(contents(partners=[partner(name="Other")]), "c.yaml", NOW + DAY)
    assert await catalog.versions_to_send() == [2]
    await SqlPriceBook(database).note_all_sent(2)
    assert await catalog.versions_to_send() == []


async def test_buy_5_a_clock_that_goes_back_does_not_undo_what_has_begun(catalog: SqlCatalog) -> None:
    begun = datetime(2027, 6, 2, tzinfo=UTC)
    await catalog.import_contents(contents(listed(prices=LATER)), "a.yaml", NOW)
    await catalog.import_contents(contents(listed(prices=LATER, name="CRM")), "b.yaml", begun)
    with pytest.raises(ImportRefused):
        await catalog.import_contents(contents(listed()), "c.yaml", NOW)
    imported = await catalog.import_contents(contents(listed(prices=LATER)), "d.yaml", NOW)
    version = await catalog.version()
    assert version is not None
    assert (imported.version, version.at) == (3, begun)


async def test_cat_2_filters_compose_and_pages_follow_each_other(catalog: SqlCatalog) -> None:
    await catalog.import_contents(read_catalog([SAMPLE]).contents, "sample", NOW)
    every: list[str] = []
    while page := await catalog.page(limit=7, after=every[-1] if every else None):
        every += [offer.id for offer in page]
    assert every == sorted(every)
    assert len(every) == len(set(every)) == len(read_catalog([SAMPLE]).contents.offers)
    found = await catalog.page(publisher=Publisher.MICROSOFT, billing_type=BillingType.USAGE, one_per_customer=True)
    assert [offer.id for offer in found] == ["compute", "storage"]
    assert await catalog.page(publisher=Publisher.MICROSOFT, category=Category.TRIAL, one_per_customer=False) == []
    customers = await catalog.customers(partner="trey-research", limit=2)
    assert [c.id for c in customers] == ["first-up", "proseware"]
    assert [c.id for c in await catalog.customers("trey-research", after="proseware")] == ["wide-world"]
    assert [p.id for p in await catalog.partners(limit=2, after="coho")] == ["litware", "trey-research"]


async def test_more_records_than_fit_one_statement(catalog: SqlCatalog) -> None:
    offers = [listed(id=f"offer-{number}") for number in range(2 * AT_ONCE + 1)]
    first = await catalog.import_contents(contents(*offers), "a.yaml", NOW)
    assert len(first.changes.records) == len(offers)
    again = await catalog.import_contents(contents(*offers), "a.yaml", NOW)
    assert (again.version, bool(again.changes)) == (1, False)
    changed = [offer.model_copy(update={"name": "Changed"}) for offer in offers]
    assert len((await catalog.import_contents(contents(*changed), "b.yaml", NOW)).changes.records) == len(offers)


async def test_a_long_source_is_cut(catalog: SqlCatalog) -> None:
    await catalog.import_contents(WHOLE, "x" * 100_000, NOW)
    version = await catalog.version()
    assert version is not None
    assert version.source == "x" * 1_000


async def test_what_a_customer_has(catalog: SqlCatalog, database: Database) -> None:
    books = InSql(database)
    for number in range(3):
        await bought(books, LICENCE, f"s-{number}")
    assert await catalog.subscriptions_of("fabrikam") == {State.ACTIVE: 3}


async def test_publishers_are_versioned_and_never_rewritten(database: Database) -> None:
    """Only changes make a version; the older ones stay, and the database refuses to change them."""
    catalog, book = SqlCatalog(database), SqlPublishers(database)
    first = ListedPublisher(id="contoso", url="https://hooks.contoso.example/", secrets=("contoso-1",))
    second = first.model_copy(update={"url": "https://new.contoso.example/", "allow_networks": (ip_network("::1"),)})
    wanted = [Contents(publishers=(each,)) for each in (first, first, second)]
    results = [await catalog.import_contents(each, "a test", NOW) for each in wanted]
    assert [result.version for result in results] == [1, 1, 2]
    (changed,) = results[2].changes.records
    assert (changed.kind, changed.id, changed.new) == ("publisher", "contoso", False)
    assert [field.field for field in changed.fields] == ["url", "allow_networks"]
    assert await book.get("contoso") == second
    assert await book.all() == [second]
    assert await book.get("nobody") is None
    assert [version for (version,) in await rows(database, "SELECT version FROM publisher ORDER BY version")] == [1, 2]
    for change_it in ("UPDATE publisher SET record = '{}'", "DELETE FROM publisher"):
        with pytest.raises(BooksConflict, match="publisher is append-only"):
            await change(database, change_it)
