"""MON-13: invoices are taxed as they close, by the table in the catalog, in every kind of books."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, insert

from activities.accounts.activities import AccountActivities
from activities.accounts.contracts import LookInput
from activities.adapters.sql.account.auditor import SqlAccountAuditor
from activities.adapters.sql.account.books import SqlAccountBooks
from activities.adapters.sql.account.holds import SqlNonpaymentHolds
from activities.adapters.sql.account.reader import SqlAccountReader
from activities.adapters.sql.account.taxes import SqlTaxes
from activities.adapters.sql.catalog.catalog import SqlCatalog
from activities.adapters.sql.database import Database
from activities.adapters.sql.reconciliation.backfill import SqlBackfill
from activities.adapters.sql.tables.catalog import tax_rate
from activities.errors import BooksUnavailable
from domain.account.account import Look
from domain.account.events import CloseReceipt
from domain.account.invoice import InvoiceState
from domain.account.taxing import Taxed
from domain.catalog.catalog import Contents
from domain.subscription.ledger import Kind
from domain.taxes.sale import Buyer, Sale, Supply, TaxCase
from domain.taxes.table import ListedTax, TaxTable
from domain.taxes.treatment import taxed_at
from tests.support.books.account import (
    CUSTOMER,
    FEBRUARY,
    JANUARY,
    MARCH,
    AccountsInMemory,
    AccountsInSql,
    Customer,
    accounts_at,
    closing,
    issued,
    paid,
    row,
)
from tests.support.instants import DAY, START
from tests.support.raw_sql import alter
from tests.support.shop.buyers import customer as record_of
from tests.support.shop.buyers import partner
from tests.support.shop.orders import stock

TABLE = TaxTable.model_validate_json(
    json.dumps(
        {
            "tax_rates": [
                {
                    "country": "DE",
                    "rates": [
                        {"from": "2020-01-01", "until": "2026-02-01", "rate": "0.19"},
                        {"from": "2026-02-01", "rate": "0.16"},
                    ],
                },
                {"country": "FR", "reverse_charge": True, "rates": [{"from": "2020-01-01", "rate": "0.20"}]},
            ]
        }
    )
)
GERMAN = Sale(buyer=Buyer(country="DE"))
FIRST, SECOND = f"{CUSTOMER}-000001", f"{CUSTOMER}-000002"


def taxed(*supplies: Supply, sale: Sale = GERMAN) -> Taxed:
    return Taxed(sale, TABLE.treatments(TaxCase(sale=sale, supplies=supplies)))


def on(at: Any) -> Supply:
    return Supply(on=at.date())


@pytest_asyncio.fixture
async def customer(url_or_none: str | None) -> AsyncIterator[Customer]:
    async with accounts_at(url_or_none) as accounts:
        yield Customer(accounts)


async def credited_later(customer: Customer) -> tuple[CloseReceipt, CloseReceipt]:
    """30.00 charged in January at 19 %; 20.00 of it credited in February, when 16 % holds, and 10.00 charged."""
    period = JANUARY.model_copy(update={"end": MARCH.end})
    await customer.write(row(JANUARY.start, "30.00", period=period))
    first = await customer.close(JANUARY, taxed(on(JANUARY.start)))
    await customer.write(row(FEBRUARY.start, "20.00", Kind.CREDIT), row(FEBRUARY.start, "10.00"))
    return first, await customer.close(FEBRUARY, taxed(on(FEBRUARY.start)))


async def test_mon_13_a_credit_keeps_the_rate_of_its_charge(customer: Customer) -> None:
    first, second = await credited_later(customer)
    (january,), (february,) = first.invoices, second.invoices
    assert (f"{january.totals.tax:f}", f"{january.totals.due:f}") == ("5.70", "35.70")
    # 10.00 at 16 % less 20.00 at 19 %: 11.60 less 23.80, of which nothing is owed.
    assert [f"{part.tax:f}" for part in february.tax.parts] == ["-3.80", "1.60"] if february.tax else False
    totals = february.totals
    assert [f"{each:f}" for each in (totals.total, totals.tax, totals.due, totals.carried_out)] == [
        *("-10.00", "-2.20", "0.00", "12.20"),
    ]
    documents = await customer.documents()
    assert [each.head for each in documents] == [january, february]
    shares = [[share.treatment for share in line.taxes] for line in documents[1].lines]
    assert shares == [[taxed_at(Decimal("0.19"))], [taxed_at(Decimal("0.16"))]]


async def test_mon_13_credit_with_its_tax_settles_what_is_owed_with_its_tax(customer: Customer) -> None:
    await customer.write(row(JANUARY.start, "30.00"))
    await customer.close(JANUARY, taxed(on(JANUARY.start)))
    await customer.write(row(FEBRUARY.start, "30.00", Kind.CREDIT))
    unpaid = {"invoice": FIRST, "currency": "USD", "owed": "35.70", "due_at": MARCH.start}
    receipt = await customer.close(FEBRUARY, taxed(on(FEBRUARY.start)), unpaid=[unpaid])
    (head,) = receipt.invoices
    assert [(each.invoice, f"{each.amount:f}") for each in head.settles] == [(FIRST, "35.70")]
    assert head.totals.carried_out == 0


async def test_a_month_closed_again_keeps_its_tax(customer: Customer) -> None:
    await customer.write(row(JANUARY.start, "30.00"))
    receipt = await customer.close(JANUARY, taxed(on(JANUARY.start)))
    assert await customer.close(JANUARY, taxed(on(JANUARY.start), sale=Sale(buyer=Buyer(country="FR")))) == receipt
    assert await customer.close(JANUARY) == receipt


async def test_credits_of_what_was_invoiced_without_tax_have_none(customer: Customer) -> None:
    """The table came later."""
    await customer.write(row(JANUARY.start, "30.00"))
    await customer.close(JANUARY)
    await customer.write(row(FEBRUARY.start, "30.00", Kind.CREDIT))
    (head,) = (await customer.close(FEBRUARY, taxed(on(FEBRUARY.start)))).invoices
    assert (head.tax, f"{head.totals.carried_out:f}") == (None, "30.00")


# By the table in the catalog


async def shelved(database: Database, **buyer: Any) -> None:
    await stock(database, partner(country="DE"), record_of(**{"country": "DE", **buyer}))
    await database.write(_shelve, TABLE.tax_rates)


def _shelve(connection: Connection, rates: tuple[ListedTax, ...]) -> None:
    connection.execute(insert(tax_rate), [{"id": each.id, "country": each.country, "record": each} for each in rates])


class NoCommands:
    async def send(self, subscription_id: str, command: Any) -> None:
        raise AssertionError(subscription_id)


def activities(database: Database) -> AccountActivities:
    holds, taxes = SqlNonpaymentHolds(database), SqlTaxes(database)
    return AccountActivities(SqlAccountBooks(database), holds, NoCommands(), timedelta(0), taxes)


@pytest.mark.parametrize(
    ("buyer", "due"),
    [
        ({}, "35.70"),
        ({"country": "FR"}, "36.00"),
        ({"country": "FR", "tax_id": "FR1"}, "30.00"),
        ({"country": "FR", "tax_id": "FR1", "tax_status": "exempt"}, "30.00"),
        ({"country": "US"}, "30.00"),
    ],
)
async def test_mon_13_the_customers_record_decides(database: Database, buyer: dict[str, str], due: str) -> None:
    await shelved(database, **buyer)
    await Customer(AccountsInSql(database)).write(row(JANUARY.start, "30.00"))
    receipt = await activities(database).close(closing())
    assert [f"{head.totals.due:f}" for head in receipt.invoices] == [due]
    assert (receipt.invoices[0].tax is None) == (buyer.get("country") == "US")


async def test_mon_13_lines_are_rounded_as_the_partner_wants(database: Database) -> None:
    await shelved(database)
    catalog = SqlCatalog(database)
    await catalog.import_contents(Contents(partners=(partner(country="DE", tax_rounding="line"),)), "test", START)
    rows = [row(JANUARY.start + number * DAY, "0.33") for number in range(3)]
    await Customer(AccountsInSql(database)).write(*rows)
    (head,) = (await activities(database).close(closing())).invoices
    assert head.totals.tax == Decimal("0.18")


@pytest.mark.parametrize("known", ["no table", "no record"])
async def test_mon_13_without_a_table_or_a_record_no_tax_is_calculated(database: Database, known: str) -> None:
    if known == "no table":
        await stock(database, partner(), record_of(country="DE"))
    else:
        await database.write(_shelve, TABLE.tax_rates)
    await Customer(AccountsInSql(database)).write(row(JANUARY.start, "30.00"))
    (head,) = (await activities(database).close(closing())).invoices
    assert (head.tax, head.totals.due) == (None, Decimal("30.00"))


async def test_mon_8_what_dunning_counts_has_its_tax(database: Database) -> None:
    await shelved(database)
    await Customer(AccountsInSql(database)).write(row(JANUARY.start, "100.00", Kind.CREDIT))
    look = Look(at=FEBRUARY.start, until=FEBRUARY.start, seq=1)
    seen = await activities(database).look(LookInput(customer_id=CUSTOMER, look=look))
    assert seen.credit == {"USD": Decimal("119.00")}


async def test_what_comes_between_the_question_and_the_close_is_asked_for_again(database: Database) -> None:
    books = SqlAccountBooks(database)
    await shelved(database)
    customer = Customer(AccountsInSql(database))
    await customer.write(row(JANUARY.start, "30.00"))
    case = await books.to_tax(CUSTOMER, JANUARY.end)
    assert case
    assert case.supplies == (on(JANUARY.start),)
    await customer.write(row(JANUARY.start + DAY, "1.00"))
    with pytest.raises(BooksUnavailable, match="Charges came while the invoices were made. Try again."):
        await books.close(closing(), Taxed(case.sale, TABLE.treatments(case)))
    assert await customer.documents() == []
    assert len((await activities(database).close(closing())).invoices) == 1


# The double entry, and what `check` finds


async def test_mon_13_net_tax_and_gross_are_in_the_double_entry(database: Database) -> None:
    customer = Customer(AccountsInSql(database))
    await credited_later(customer)
    entries = {
        each.id: [(side.account, side.amount_minor) for side in each.postings]
        for each in await SqlAccountReader(database).entries(CUSTOMER)
        if each.kind in {"tax", "credit_applied"}
    }
    assert entries == {
        f"tax:{FIRST}": [("receivable", 570), ("tax", -570)],
        f"tax:{SECOND}": [("receivable", 160), ("tax", 220), ("credit", -380)],
        f"applied:{SECOND}": [("credit", 1160), ("receivable", -1160)],
    }


NINETEEN, SIXTEEN = (f'"rate":"{rate}"' for rate in ("0.19", "0.16"))


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (f"UPDATE invoice SET tax = replace(tax, '5.70', '5.71') WHERE id = '{FIRST}'", "totals USD 30.00, its lines"),
        (
            f"UPDATE invoice SET tax = replace(tax, '5.70', '5.72'), tax_charged_minor = 572, due_minor = 3572 "
            f"WHERE id = '{FIRST}'",
            "the tax of Tax 19 % is not that of its lines",
        ),
        (
            f"UPDATE invoice_line SET taxes = replace(taxes, '{NINETEEN}', '{SIXTEEN}') WHERE invoice_id = '{FIRST}'",
            "its rates are not those of its lines",
        ),
        (
            f"UPDATE invoice_line SET taxes = replace(taxes, '30.00', '29.00') WHERE invoice_id = '{FIRST}'",
            "some lines of fabrikam-000001 are not taxed as a whole",
        ),
        (f"UPDATE invoice_line SET taxes = NULL WHERE invoice_id = '{FIRST}'", "are not taxed as a whole"),
        (
            f"UPDATE invoice SET tax = NULL, tax_charged_minor = 0, due_minor = 3000 WHERE id = '{FIRST}'",
            "has no tax, some of its lines do",
        ),
        (
            f"UPDATE posting SET amount_minor = CASE WHEN amount_minor > 0 THEN 571 ELSE -571 END "
            f"WHERE entry_id = 'tax:{FIRST}'",
            f"entry tax:{FIRST} does not match",
        ),
        (
            "UPDATE invoice_line SET taxes = "
            "replace(replace(taxes, '0.19', 'x'), '0.16', '0.19')  WHERE invoice_id = 'fabrikam-000002'",
            "records cannot be read",
        ),
    ],
)
async def test_mon_13_check_finds_altered_taxes(database: Database, statement: str, words: str) -> None:
    customer = Customer(AccountsInSql(database))
    await credited_later(customer)
    await customer.record(issued(1, FIRST, "35.70"))
    await customer.record(paid(2, "p-1", "35.70", (FIRST, "35.70", InvoiceState.PAID), at=FEBRUARY.start))
    await customer.record(issued(3, SECOND, "0.00", FEBRUARY.end))
    (sound,) = await SqlAccountAuditor(database).page()
    assert sound.violations == ()
    await alter(database, statement)
    (audited,) = await SqlAccountAuditor(database).page()
    assert words in " | ".join(each.words for each in audited.violations)


async def test_mon_13_check_finds_a_credit_at_another_rate_than_its_charge(database: Database) -> None:
    """Everything else about it adds up."""
    customer = Customer(AccountsInSql(database))
    await customer.write(row(JANUARY.start, "30.00"))
    await customer.close(JANUARY, taxed(on(JANUARY.start)))
    await customer.write(row(FEBRUARY.start, "20.00", Kind.CREDIT))
    await customer.close(FEBRUARY, taxed(on(FEBRUARY.start)))
    await customer.record(issued(1, FIRST, "35.70"))
    await customer.record(issued(2, SECOND, "0.00", FEBRUARY.end))
    of_second = f"WHERE id = '{SECOND}'"
    figures = "tax = replace(replace(tax, '0.19', '0.16'), '3.80', '3.20'), tax_credited_minor = 320"
    await alter(
        database,
        f"UPDATE invoice_line SET taxes = replace(taxes, '0.19', '0.16') WHERE invoice_id = '{SECOND}'",
        f"UPDATE invoice SET {figures}, carried_out_minor = 2320 {of_second}",
    )
    (audited,) = await SqlAccountAuditor(database).page()
    assert "more is credited at Tax 16 % than was charged" in [each.words for each in audited.violations]


@pytest.mark.parametrize("tax_id", [None, "FR1"])
async def test_mon_13_a_month_is_closed_again_in_older_books_with_its_tax(
    database: Database, tax_id: str | None
) -> None:
    """As it was taxed then, whatever the customer's record says of the buyer now."""
    sale = Sale(buyer=Buyer(country="FR", tax_id=tax_id), seller="DE")
    elsewhere = Customer(AccountsInMemory())
    await elsewhere.write(row(JANUARY.start, "30.00"))
    before = await elsewhere.close(JANUARY, taxed(on(JANUARY.start), sale=sale))
    await stock(database, partner(id=CUSTOMER, country="DE"), record_of(partner=CUSTOMER, country="FR"))
    await database.write(_shelve, TABLE.tax_rates)
    await Customer(AccountsInSql(database)).write(row(JANUARY.start, "30.00"))
    backfill = SqlBackfill(database)
    assert [await backfill.write(closing(), before) for _ in range(2)] == [True, False]
    (document,) = await SqlAccountReader(database).documents(CUSTOMER)
    assert (document.head,) == before.invoices
