"""Accounts in SQL: numbers that customers share, what is read back, and double entry that the database keeps itself."""

import asyncio
import sqlite3
from contextlib import closing as closed
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as sql_event

from activities.accounts.balances import Balance, Entry
from activities.adapters.sql.account.reader import SqlAccountReader
from activities.adapters.sql.columns import JsonText
from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import upgrade
from activities.errors import BooksConflict
from domain.account.events import AccountEvent
from domain.account.invoice import InvoiceState
from domain.subscription.ledger import Kind
from statemachines.account.standing import PaymentTaken
from tests.support.books.account import (
    CUSTOMER,
    FEBRUARY,
    JANUARY,
    MARCH,
    AccountsInSql,
    Customer,
    issued,
    lived,
    paid,
    row,
)
from tests.support.instants import DAY
from tests.support.older_database import older
from tests.support.raw_sql import change, rows
from tests.support.shop.buyers import customer as record_of
from tests.support.shop.buyers import partner
from tests.support.shop.orders import stock

KEPT = ("entry", "posting", "invoice", "invoice_line", "payment", "account_event", "month_close")
WRITTEN = (*KEPT, "invoice_standing", "invoice_series")
HEAD = "INSERT INTO entry VALUES ('e', 'fabrikam', '2026-01-31T09:00:00.000000Z', 'charge')"
USD = "INSERT INTO posting VALUES ('e', 0, 'receivable', 'USD', 500), ('e', 1, 'revenue', 'USD', -500)"
REPLACED = (
    "INSERT OR REPLACE INTO invoice SELECT 'x-1', series, {}, customer_id, currency, period_start, {}, issued_at, "
    "due_at, charges_minor, credits_minor, carried_in_minor, due_minor, carried_out_minor, settles_minor, "
    "settles, taken_over, tax_charged_minor, tax_credited_minor, tax FROM invoice LIMIT 1"
)


@pytest.fixture
def customer(database: Database) -> Customer:
    return Customer(AccountsInSql(database))


@pytest.fixture
def reader(database: Database) -> SqlAccountReader:
    return SqlAccountReader(database)


async def counts(database: Database) -> dict[str, int]:
    return {table: (await rows(database, f"SELECT count(*) FROM {table}"))[0][0] for table in WRITTEN}


# Numbers


async def test_a_partners_customers_share_one_series(database: Database, reader: SqlAccountReader) -> None:
    """MON-5: without gaps; a customer of another partner, or without a record, has another series."""
    await stock(
        database,
        *(partner(id=name) for name in ("northwind", "southridge")),
        record_of(id="fabrikam"),
        record_of(id="tailspin"),
        record_of(id="lucerne", partner="southridge"),
    )
    accounts, found = AccountsInSql(database), {}
    for name in ("fabrikam", "lucerne", "tailspin", "nobody"):
        customer = Customer(accounts, name, prefix=name)
        await customer.write(row(JANUARY.start), row(JANUARY.start, currency="EUR", key="euro"))
        found[name] = [head.invoice for head in (await customer.close()).invoices]
    assert found == {
        "fabrikam": ["northwind-000001", "northwind-000002"],
        "lucerne": ["southridge-000001", "southridge-000002"],
        "tailspin": ["northwind-000003", "northwind-000004"],
        "nobody": ["nobody-000001", "nobody-000002"],
    }
    assert [(each.head.series, each.head.number) for each in await reader.invoices("tailspin")] == [
        ("northwind", 3),
        ("northwind", 4),
    ]


async def test_closes_at_once_leave_no_gap(url: str) -> None:
    """MON-5: of several customers of one partner, by several processes; each month closed twice at once, too."""
    names = ("fabrikam", "tailspin", "lucerne")
    async with Database(url) as here, Database(url) as there:
        await stock(here, partner(), *(record_of(id=name) for name in names))
        places = [AccountsInSql(here), AccountsInSql(there)]

        async def live(number: int) -> None:
            customer = Customer(places[number % 2], names[number], prefix=f"s{number}")
            again = Customer(places[(number + 1) % 2], names[number])
            for month in (JANUARY, FEBRUARY, MARCH):
                await customer.write(row(month.start))
                first, second = await asyncio.gather(customer.close(month), again.close(month))
                assert first == second

        await asyncio.gather(*(live(number) for number in range(3)))
        numbers = [number for (number,) in await rows(here, "SELECT number FROM invoice ORDER BY number")]
        assert numbers == list(range(1, 10))
        assert await rows(here, "SELECT * FROM invoice_series") == [("northwind", 9)]
        assert await rows(here, "SELECT count(*) FROM invoice_line") == [(9,)]


@pytest.mark.parametrize("table", ["invoice", "invoice_line", "posting", "month_close"])
async def test_a_close_that_crashes_takes_no_number(database: Database, customer: Customer, table: str) -> None:
    await customer.write(row(JANUARY.start), row(JANUARY.start, "5.00", Kind.CREDIT))
    before = await counts(database)

    def crash(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith(f"INSERT INTO {table} "):
            raise RuntimeError("crashed")

    sql_event.listen(database._engine, "before_cursor_execute", crash)
    with pytest.raises(RuntimeError, match="crashed"):
        await customer.close()
    sql_event.remove(database._engine, "before_cursor_execute", crash)
    assert await counts(database) == before
    assert [head.number for head in (await customer.close()).invoices] == [1]


async def test_totals_beyond_the_column_are_a_conflict(database: Database, customer: Customer) -> None:
    before = await counts(database)
    largest = str(Decimal(2**63 - 1).scaleb(-2))
    await customer.write(row(JANUARY.start, largest), of=1)
    await customer.write(row(JANUARY.start, largest), of=2)
    with pytest.raises(BooksConflict, match="charges is more than the database can hold"):
        await customer.close()
    assert await counts(database) == {**before, "entry": 2, "posting": 4}


# Read back


async def test_lists_take_filters_and_go_page_by_page(customer: Customer, reader: SqlAccountReader) -> None:
    ids = await lived(customer)
    other = Customer(customer.accounts, "tailspin", prefix="t")
    await other.write(row(JANUARY.start))
    await other.close()
    await other.record(issued(1, "tailspin-000001", "10.00"))

    async def page(*args: Any, **filters: Any) -> list[str]:
        return [listed.head.invoice for listed in await reader.invoices(*args, **filters)]

    assert await page() == [*ids, "tailspin-000001"]
    assert await page("tailspin") == ["tailspin-000001"]
    assert await page("nobody") == []
    wanted = {
        InvoiceState.OPEN: [],
        InvoiceState.ISSUED: [ids[0], "tailspin-000001"],
        InvoiceState.OVERDUE: [ids[3]],
        InvoiceState.PAID: [ids[1]],
        InvoiceState.CARRIED: [ids[2]],
    }
    assert {state: await page(state=state) for state in InvoiceState} == wanted
    assert await page(CUSTOMER, InvoiceState.ISSUED) == [ids[0]]
    assert await page(limit=2) == ids[:2]
    assert await page(limit=2, after=ids[1]) == ids[2:]
    assert await page(CUSTOMER, limit=2, after=ids[3]) == []
    assert await page(limit=None) == [*ids, "tailspin-000001"]


@pytest.mark.parametrize("limit", [1, 3, None])
async def test_a_list_takes_as_many_statements_as_one_row(
    database: Database, customer: Customer, reader: SqlAccountReader, limit: int | None
) -> None:
    """And it reads each event once, for all invoices of two customers."""
    await lived(customer)
    other = Customer(customer.accounts, "tailspin", prefix="t")
    await other.write(row(JANUARY.start))
    await other.close()
    await other.record(issued(1, "tailspin-000001", "10.00"))
    statements: list[str] = []
    loaded: list[AccountEvent] = []

    def count(*called: Any) -> None:
        statements.append(called[2])

    sql_event.listen(database._engine, "before_cursor_execute", count)
    with pytest.MonkeyPatch.context() as patched:
        kept = JsonText.process_result_value

        def counted(column: Any, *args: Any) -> Any:
            found = kept(column, *args)
            loaded.extend([found] if isinstance(found, AccountEvent) else [])
            return found

        patched.setattr(JsonText, "process_result_value", counted)
        listed = await reader.invoices(limit=limit)
    sql_event.remove(database._engine, "before_cursor_execute", count)
    assert len(listed) == (limit or 5)
    assert len([each for each in statements if not each.startswith(("BEGIN", "SET"))]) == 2
    assert len(loaded) <= len(await customer.events()) + 1


async def test_lists_are_in_the_order_of_the_numbers_however_long(
    database: Database, customer: Customer, reader: SqlAccountReader
) -> None:
    await change(database, f"INSERT INTO invoice_series VALUES ('{CUSTOMER}', 999998)")
    for month in (JANUARY, FEBRUARY, MARCH):
        await customer.write(row(month.start))
        await customer.close(month)
    other = Customer(customer.accounts, f"{CUSTOMER}-2", prefix="t")
    await other.write(row(JANUARY.start))
    await other.close()
    ids = [f"{CUSTOMER}-{number}" for number in ("999999", "1000000", "1000001", "2-000001")]
    pages, after = [], ""
    while page := await reader.invoices(limit=1, after=after or None):
        pages += [after := page[0].head.invoice]
    assert pages == ids
    for odd, wanted in {f"{CUSTOMER}-{10**40}": ids[3:], CUSTOMER: ids, f"{CUSTOMER}-": ids[3:], "zz": []}.items():
        assert [each.head.invoice for each in await reader.invoices(after=odd)] == wanted


async def test_an_invoice_stands_as_its_events_say(customer: Customer, reader: SqlAccountReader) -> None:
    """MON-6."""
    euros, dollars, carried, last = await lived(customer)
    documents = {document.head.invoice: document for document in await reader.documents(CUSTOMER)}
    standings = {}
    for name in (euros, dollars, carried, last):
        found = await reader.invoice(name)
        assert found is not None
        assert found[0] == documents[name]
        standings[name] = found[1]
        (listed,) = [each for each in await reader.invoices() if each.head.invoice == name]
        assert (listed.head, listed.standing) == (found[0].head, found[1])
    states = [standing.state.value for standing in standings.values()]
    assert states == ["issued", "paid", "carried", "overdue"]
    assert [str(standing.paid) for standing in standings.values()] == ["0.00", "40.00", "0.00", "4.00"]
    assert standings[dollars].payments == (
        PaymentTaken(payment_id="p-1", at=FEBRUARY.start + DAY, amount=Decimal("40.00")),
    )
    overdue = standings[last]
    assert (overdue.reminders, overdue.failures, [p.payment_id for p in overdue.payments]) == (1, 1, ["p-2"])
    assert overdue.suspended_at == MARCH.end + 69 * DAY
    assert await reader.invoice("nobody-000001") is None


async def test_what_the_books_say_of_money(customer: Customer, reader: SqlAccountReader) -> None:
    await lived(customer)
    euros, dollars = await reader.balances(CUSTOMER)
    assert dollars == Balance(
        currency="USD",
        receivable=Decimal("23.00"),
        credit=Decimal("1.00"),
        revenue=Decimal("76.00"),
        tax=Decimal(0),
        payments=Decimal("54.00"),
        uninvoiced_charges=Decimal("3.00"),
        uninvoiced_credits=Decimal("1.00"),
    )
    assert (dollars.owed, dollars.carried) == (Decimal("20.00"), Decimal(0))
    assert (euros.currency, euros.owed, euros.receivable, euros.payments) == (
        "EUR",
        Decimal("7.35"),
        Decimal("7.35"),
        Decimal(0),
    )
    assert await reader.balances("nobody") == []
    assert [str(line.row.amount) for line in await reader.uninvoiced(CUSTOMER)] == ["3.00", "1.00"]


async def test_invoices_and_what_waits_come_to_the_ledger(customer: Customer, reader: SqlAccountReader) -> None:
    """Invariant 14, in minor units of each currency."""
    await lived(customer)
    waiting = {b.currency: b.uninvoiced_charges - b.uninvoiced_credits for b in await reader.balances(CUSTOMER)}
    for document in await reader.documents(CUSTOMER):
        waiting[document.head.currency] += document.head.totals.total
    ledger = {balance.currency: balance.revenue for balance in await reader.balances(CUSTOMER)}
    assert waiting == ledger


# Double entry


async def test_whatever_moves_money_has_its_balanced_entry(customer: Customer, reader: SqlAccountReader) -> None:
    _, dollars, carried, last = await lived(customer)
    entries = await reader.entries(CUSTOMER)
    for entry in entries:
        assert sum(side.amount_minor for side in entry.postings) == 0
    found = {entry.id: (entry.kind, entry.currency, sides_of(entry)) for entry in entries}
    keys = [line.row.key for document in await reader.documents(CUSTOMER) for line in document.lines]
    waiting = [line.row.key for line in await reader.uninvoiced(CUSTOMER)]
    rows_of = [name for name in found if name.startswith("row:")]
    assert len(rows_of) == len(keys) + len(waiting) == 8
    charge = f"row:s-1:{row(JANUARY.start).key}"
    assert found[charge] == ("charge", "USD", {"receivable": 3000, "revenue": -3000})
    credit = f"row:s-1:{row(JANUARY.start + DAY, kind=Kind.CREDIT).key}"
    assert found[credit] == ("credit", "USD", {"revenue": 200, "credit": -200})
    applied = {dollars: 200, carried: 400, last: 600}
    assert {name: found[name] for name in found if name.startswith("applied:")} == {
        f"applied:{name}": ("credit_applied", "USD", {"credit": minor, "receivable": -minor})
        for name, minor in applied.items()
    }
    assert {name: found[name] for name in found if name.startswith("payment:")} == {
        "payment:fabrikam:p-1": ("payment", "USD", {"payment": 5000, "receivable": -4000, "credit": -1000}),
        "payment:fabrikam:p-2": ("payment", "USD", {"payment": 400, "receivable": -400}),
    }
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)


def sides_of(entry: Entry) -> dict[str, int]:
    return {side.account: side.amount_minor for side in entry.postings}


async def test_a_payment_in_advance_is_credit_alone(customer: Customer, reader: SqlAccountReader) -> None:
    await customer.record(paid(1, "p-1", "5.00"))
    (entry,) = await reader.entries(CUSTOMER)
    assert sides_of(entry) == {"payment": 500, "credit": -500}
    (balance,) = await reader.balances(CUSTOMER)
    assert (balance.owed, balance.carried, balance.payments) == (Decimal(0), Decimal("5.00"), Decimal("5.00"))


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ((USD.replace("-500", "-400"), HEAD), "an entry balances in each currency"),
        ((USD.replace("'USD', -500", "'EUR', -500"), HEAD), "an entry balances in each currency"),
        ((USD, "INSERT INTO posting VALUES ('e', 2, 'credit', 'EUR', 1)", HEAD), "an entry balances in each currency"),
        ((HEAD,), "an entry balances in each currency"),
        ((HEAD, USD), "an entry balances in each currency"),
        ((USD, HEAD, "INSERT INTO posting VALUES ('e', 2, 'credit', 'USD', 1)"), "nothing is added to an entry"),
        ((USD,), "(?i)foreign key"),
        ((USD.replace("-500", "0"), HEAD), "(?i)check|ck_posting_amount"),
        ((USD.replace("'revenue'", "'pocket'"), HEAD), "(?i)check|ck_posting_account"),
    ],
)
async def test_the_database_refuses_what_does_not_balance(
    database: Database, statements: tuple[str, ...], words: str
) -> None:
    """Where it may be written by somebody who has no respect for us; nothing of it stays."""
    with pytest.raises(BooksConflict, match=words):
        await change(database, *statements)
    assert await counts(database) == dict.fromkeys(WRITTEN, 0)


async def test_an_entry_is_sealed_for_later_transactions_too(database: Database, customer: Customer) -> None:
    await change(database, USD, HEAD)
    for pair in ("('e', 2, 'receivable', 'USD', 7), ('e', 3, 'revenue', 'USD', -7)", "('e', 2, 'credit', 'USD', 1)"):
        with pytest.raises(BooksConflict, match="nothing is added to an entry"):
            await change(database, f"INSERT INTO posting VALUES {pair}")
    assert len(await rows(database, "SELECT * FROM posting")) == 2


@pytest.mark.parametrize("how", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"])
@pytest.mark.parametrize("table", KEPT)
async def test_what_is_written_is_written(database: Database, customer: Customer, table: str, how: str) -> None:
    """MON-2, MON-5: the database refuses it itself."""
    await lived(customer)
    before = await rows(database, f"SELECT * FROM {table}")
    column = {"entry": "at", "posting": "account", "invoice": "due_at", "payment": "at"}.get(table, "invoice_id")
    column = "digest" if table == "month_close" else column
    with pytest.raises(BooksConflict, match=f"The database refuses this: {table} is append-only"):
        await change(database, how.format(table, column))
    assert await rows(database, f"SELECT * FROM {table}") == before


@pytest.mark.parametrize(
    "statement",
    [
        *(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}" for table in KEPT if table != "posting"),
        # In the way of one of an invoice's unique keys alone.
        REPLACED.format("number", "'2027'"),
        REPLACED.format("99", "period_end"),
        "INSERT OR REPLACE INTO invoice_line SELECT invoice_id, 99, subscription_id, seq, entry_position, "
        "taxes FROM invoice_line LIMIT 1",
    ],
)
async def test_nor_is_it_replaced(database: Database, path: Path, customer: Customer, statement: str) -> None:
    """REPLACE removes what is in its way, past the trigger of DELETE and, from outside, past foreign keys."""
    await lived(customer)
    before = await counts(database)
    with closed(sqlite3.connect(path)) as outsider, pytest.raises(sqlite3.IntegrityError, match="append-only|balances"):
        outsider.execute(statement)
    assert await counts(database) == before


async def test_an_older_ledger_is_entered(empty_url: str, database: Database, customer: Customer) -> None:
    """From the revision before: every row that there is has its entry, and the next close invoices them all."""
    await customer.write(row(JANUARY.start, "30.00"), row(JANUARY.start + DAY, "2.00", Kind.CREDIT), of=1)
    await customer.write(row(JANUARY.start, "980", currency="JPY"), of=2)
    other = Customer(customer.accounts, "tailspin", prefix="t")
    await other.write(row(JANUARY.start, "5.00"))
    async with Database(empty_url, migrates=True) as earlier:
        await older(earlier, "0002", database)
    await upgrade(empty_url)
    async with Database(empty_url) as upgraded:
        accounts, here = AccountsInSql(upgraded), SqlAccountReader(database)
        for name in (CUSTOMER, "tailspin"):
            assert await accounts.entries(name) == await here.entries(name)
            assert await accounts.balances(name) == await here.balances(name)
        receipt = await Customer(accounts).close()
        assert [str(head.due) for head in receipt.invoices] == ["JPY 980", "USD 28.00"]
        with pytest.raises(BooksConflict, match="append-only"):
            await change(upgraded, "DELETE FROM entry")
