"""Credit that settles earlier invoices, in SQL: lists, double entry, audit, and what was altered (MON-5)."""

import pytest
import pytest_asyncio

from activities.accounts.contracts import AccountOpening
from activities.adapters.sql.account.auditor import SqlAccountAuditor
from activities.adapters.sql.account.books import SqlAccountBooks
from activities.adapters.sql.account.reader import SqlAccountReader
from activities.adapters.sql.database import Database
from activities.errors import BooksConflict
from domain.account.invoice import InvoiceState
from domain.account.terms import terms_of
from domain.policy import DEFAULT_PACK
from domain.subscription.ledger import Kind
from statemachines.audit.subscription import Invariant
from tests.support.books.account import (
    CUSTOMER,
    FEBRUARY,
    JANUARY,
    MARCH,
    AccountsInSql,
    Customer,
    issued,
    owing,
    settled,
)
from tests.support.books.account import row as a_row
from tests.support.raw_sql import alter, change

FIRST, SECOND, THIRD = (f"{CUSTOMER}-00000{number}" for number in (1, 2, 3))
ENTRY = f"settled:{THIRD}:{FIRST}"
PAID, ISSUED = InvoiceState.PAID, InvoiceState.ISSUED


@pytest_asyncio.fixture
async def reader(database: Database) -> SqlAccountReader:
    """Over January's 30.00 and February's 20.00, of which March's credit of 45.00 leaves 5.00."""
    customer = Customer(AccountsInSql(database))
    await customer.write(a_row(JANUARY.start, "30.00"))
    await customer.close()
    await customer.record(issued(1, FIRST, "30.00"))
    await customer.write(a_row(FEBRUARY.start, "20.00"))
    await customer.close(FEBRUARY)
    await customer.record(issued(2, SECOND, "20.00", FEBRUARY.end))
    await customer.write(a_row(MARCH.start, "45.00", Kind.CREDIT))
    await customer.close(MARCH, unpaid=[owing(FIRST, "30.00"), owing(SECOND, "20.00", MARCH.end)])
    await customer.record(
        issued(3, THIRD, "0.00", MARCH.end),
        settled(4, THIRD, FIRST, "30.00", PAID, MARCH.end),
        settled(5, THIRD, SECOND, "15.00", ISSUED, MARCH.end),
    )
    return SqlAccountReader(database)


async def found(database: Database) -> list[tuple[Invariant, str]]:
    """What the audit finds."""
    (audited,) = await SqlAccountAuditor(database).page()
    return [(violation.invariant, violation.words) for violation in audited.violations]


async def test_lists_and_balances_say_what_is_left(database: Database, reader: SqlAccountReader) -> None:
    listed = {each.head.invoice: each for each in await reader.invoices()}
    owed = {name: f"{each.standing.state} {each.standing.owed(each.head.totals.due)}" for name, each in listed.items()}
    assert owed == {FIRST: "paid 0.00", SECOND: "issued 5.00", THIRD: "carried 0.00"}
    assert [each.head.invoice for each in await reader.invoices(state=ISSUED)] == [SECOND]
    (balance,) = await reader.balances(CUSTOMER)
    assert [str(each) for each in (balance.owed, balance.credit, balance.carried)] == ["5.00", "0.00", "0.00"]
    assert await found(database) == []


async def test_each_settlement_is_an_entry_dated_like_the_invoice(reader: SqlAccountReader) -> None:
    entries = [entry for entry in await reader.entries(CUSTOMER) if entry.kind == "credit_settled"]
    assert [(entry.id, entry.at) for entry in entries] == [
        (f"settled:{THIRD}:{FIRST}", MARCH.end),
        (f"settled:{THIRD}:{SECOND}", MARCH.end),
    ]
    sides = [{side.account: side.amount_minor for side in entry.postings} for entry in entries]
    assert sides == [{"credit": 3000, "receivable": -3000}, {"credit": 1500, "receivable": -1500}]


async def test_the_account_is_opened_with_what_is_left(database: Database, reader: SqlAccountReader) -> None:
    terms = terms_of(DEFAULT_PACK)
    opening = AccountOpening(customer_id=CUSTOMER, terms=terms, opened_at=JANUARY.start)
    account = (await SqlAccountBooks(database).open(opening)).life.account
    assert [(r.invoice, f"{r.settled} {r.owed}") for r in account.receivables] == [(SECOND, "15.00 5.00")]
    assert account.credit == {}


@pytest.mark.parametrize(
    ("statement", "invariant", "words"),
    [
        ("UPDATE invoice SET settles = '[]'", Invariant.INVOICED, f"{THIRD} was changed after it was closed"),
        (
            f"UPDATE invoice SET settles = '[]' WHERE id = '{THIRD}'",
            Invariant.INVOICED,
            f"what {THIRD} settles of {FIRST} differs from the account's journal",
        ),
        (
            f"UPDATE invoice SET settles_minor = 4400, carried_out_minor = 100 WHERE id = '{THIRD}'",
            Invariant.INVOICED,
            f"{THIRD} was changed after it was closed",
        ),
        (
            f"UPDATE invoice SET settles_minor = 0, settles = '[]', carried_out_minor = 4500 WHERE id = '{THIRD}'",
            Invariant.NO_CREDIT_BESIDE_DEBT,
            "after account event 5 a credit of USD 45.00 stands beside 5.00 that is due",
        ),
        (
            f"UPDATE invoice_standing SET settled_minor = 1501 WHERE invoice_id = '{SECOND}'",
            Invariant.INVOICED,
            f"lists show {SECOND} differently",
        ),
        (
            "UPDATE account_event SET record = replace(record, '15.00', '14.00') WHERE seq = 5",
            Invariant.INVOICED,
            f"what {THIRD} settles of {SECOND} differs",
        ),
        (
            f"UPDATE account_event SET record = replace(record, '{THIRD}', '{FIRST}') WHERE seq = 5",
            Invariant.INVOICED,
            f"what {THIRD} settles of {SECOND} differs",
        ),
        ("DELETE FROM account_event WHERE seq = 5", Invariant.INVOICED, f"what {THIRD} settles of {SECOND} differs"),
        (
            f"UPDATE posting SET amount_minor = 2 * amount_minor WHERE entry_id = '{ENTRY}'",
            Invariant.DOUBLE_ENTRY,
            f"entry {ENTRY} does not match",
        ),
        (
            f"DELETE FROM posting WHERE entry_id = '{ENTRY}'",
            Invariant.DOUBLE_ENTRY,
            f"entry {ENTRY} does not match",
        ),
    ],
)
async def test_what_was_altered_is_found(
    database: Database, reader: SqlAccountReader, statement: str, invariant: Invariant, words: str
) -> None:
    await alter(database, statement)
    altered = await found(database)
    assert any(words in said for kind, said in altered if kind is invariant), altered


@pytest.mark.parametrize(
    "totals",
    [
        "settles_minor = -1, carried_out_minor = 4501",
        "settles_minor = 4400",
        "due_minor = 1, settles_minor = 4501",
    ],
)
async def test_sums_that_do_not_add_up_cannot_be_written(
    database: Database, reader: SqlAccountReader, totals: str
) -> None:
    with pytest.raises(BooksConflict, match="(?i)check|ck_invoice_totals"):
        await alter(database, f"UPDATE invoice SET {totals} WHERE id = '{THIRD}'")
    with pytest.raises(BooksConflict, match="invoice is append-only"):
        await change(database, f"UPDATE invoice SET settles = '[]' WHERE id = '{THIRD}'")
