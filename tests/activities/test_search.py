"""Search by parts of ids and names, the same on both kinds of database."""

import pytest
from sqlalchemy import event

from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.orders import SqlOrders
from activities.adapters.sql.search import SqlSearch
from activities.adapters.sql.takeover.takeovers import SqlTakeovers
from activities.billing.contracts import Origin, RecordInput
from activities.found import Found
from activities.takeover.contracts import TakeoverInput
from domain.account.invoice import InvoiceState
from statemachines.takeover.known import Known
from tests.support.books.account import AccountsInSql, Customer, row
from tests.support.books.short_lives import LICENCE, bought
from tests.support.books.subscription import InSql
from tests.support.instants import START, instant
from tests.support.shop.buyers import customer, partner, request
from tests.support.shop.offers import BACKUP, listed
from tests.support.shop.orders import opened, stock
from tests.support.shop.taken_over import FABRIKAM, decided
from tests.support.shop.takeovers import ACTIVE, AS_OF, row_of

INVOICE = "northwind-000001"
NAMES = {
    "fabrikam": "Fabrikam Residences",
    "adatum": "A. Datum Corporation",
    "adatum-2": "A. Datum, second office",
    "Zoe": "Zoë's 100% flowers",
    "under_score": "Under\\score",
}


@pytest.fixture
async def search(database: Database) -> SqlSearch:
    """The books of five customers, one of whom has three subscriptions, two orders and an invoice."""
    buyers = [customer(id=key, name=name) for key, name in NAMES.items()]
    await stock(database, partner(), listed(), *buyers)
    books = InSql(database)
    for key in ("crm-1", "crm-2", "other-crm-1"):
        await bought(books, LICENCE, key)
    for key in ("o-1", "first-o-2"):
        await opened(SqlOrders(database), request({"quantity": 1}, order_id=key))
    billed = Customer(AccountsInSql(database), "adatum", "billed")
    await billed.write(row(START, "12.50"))
    await billed.close()
    return SqlSearch(database)


def ids(found: Found) -> dict[str, list[str]]:
    names = {
        "customers": "customer_id",
        "subscriptions": "subscription_id",
        "invoices": "invoice",
        "orders": "order_id",
    }
    every = {noun: [getattr(each, name) for each in getattr(found, noun)] for noun, name in names.items()}
    return {noun: hits for noun, hits in every.items() if hits}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "fabrikam",
            {
                "customers": ["fabrikam"],
                "subscriptions": ["crm-1", "crm-2", "other-crm-1"],
                "orders": ["first-o-2", "o-1"],
            },
        ),
        ("residences", {"customers": ["fabrikam"]}),
        ("DATUM", {"customers": ["adatum", "adatum-2"], "subscriptions": ["billed-1"], "invoices": [INVOICE]}),
        ("zoe", {"customers": ["Zoe"]}),
        ("Zoë", {"customers": ["Zoe"]}),
        ("100%", {"customers": ["Zoe"]}),
        ("%", {"customers": ["Zoe"]}),
        ("_", {"customers": ["under_score"]}),
        ("\\", {"customers": ["under_score"]}),
        ("'", {"customers": ["Zoe"]}),
        ("000001", {"invoices": [INVOICE]}),
        ("crm-1", {"subscriptions": ["crm-1", "other-crm-1"]}),
        ("O-2", {"orders": ["first-o-2"]}),
        ("contoso-crm", {"subscriptions": ["billed-1", "crm-1", "crm-2", "other-crm-1"]}),
        ("nothing like it", {}),
        ("northwind", {"invoices": [INVOICE]}),
    ],
)
async def test_found_by_a_part_of_an_id_or_a_name(search: SqlSearch, text: str, wanted: dict[str, list[str]]) -> None:
    found = await search.find(text, 10)
    assert ids(found) == wanted
    assert found.more == ()


@pytest.mark.parametrize("text", ["acme/4711/b", "ACME/4711/B", "4711"])
async def test_a_subscription_that_moved_in_is_found_by_what_it_was_called(
    database: Database, search: SqlSearch, text: str
) -> None:
    """MOV-1: whoever has a paper of the other system in hand knows nothing else."""
    row = row_of(ACTIVE, subscription_id="s-1", reference="acme/4711/b")
    found = decided(row, Known(listed(id="crm", add_ons=[BACKUP]), FABRIKAM, 1), instant(AS_OF))
    entry = RecordInput.of(found.subscription, found.record, Origin(invoiced=True))
    await SqlTakeovers(database).take([TakeoverInput(entry=entry)])
    assert ids(await search.find(text, 10)) == {"subscriptions": ["s-1"]}


async def test_what_is_found_says_what_it_is(search: SqlSearch) -> None:
    found = await search.find(INVOICE, 10)
    (invoice,) = found.invoices
    assert (invoice.customer_id, invoice.state, str(invoice.due)) == ("adatum", InvoiceState.ISSUED, "USD 12.50")
    (subscription,) = (await search.find("crm-2", 10)).subscriptions
    assert (subscription.customer_id, subscription.offer_id, subscription.state) == (
        "fabrikam",
        "contoso-crm",
        "active",
    )
    (order,) = (await search.find("first-o-2", 10)).orders
    assert (order.customer_id, order.ordered_at) == ("fabrikam", START)


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_at_most_so_many_of_each_and_what_has_more(search: SqlSearch, limit: int) -> None:
    found = await search.find("crm", limit)
    assert ids(found) == {"subscriptions": ["crm-1", "crm-2", "billed-1"][:limit]}
    assert found.more == ("subscriptions",)
    assert (await search.find("crm", 4)).more == ()


async def test_a_whole_page_by_prefix_looks_through_no_table(database: Database, search: SqlSearch) -> None:
    """Where enough begins with the text, the index alone is read: no statement compares lower case."""
    statements: list[str] = []
    event.listen(database._engine, "before_cursor_execute", lambda _c, _k, statement, *_: statements.append(statement))
    await search.find("crm-1", 1)
    of_subscriptions = [each for each in statements if "FROM subscription" in each]
    assert len(of_subscriptions) > 1, "one begins with it, and one more is looked for"
    statements.clear()
    await search.find("crm-", 1)
    (alone,) = [each for each in statements if "FROM subscription" in each]
    assert "lower" not in alone
