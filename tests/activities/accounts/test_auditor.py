"""`check` finds what somebody altered in accounts behind our back (invariant 14, MON-5)."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from activities.adapters.sql.account.auditor import SqlAccountAuditor
from activities.adapters.sql.account.reader import SqlAccountReader
from activities.adapters.sql.database import Database
from activities.adapters.sql.ledger import double_entry
from domain.account.double_entry import BookAccount
from domain.account.invoice import InvoiceState
from domain.subscription.ledger import Kind
from statemachines.audit.account import AccountViolation, AuditedAccount
from statemachines.audit.subscription import Invariant
from tests.support.books.account import FEBRUARY, JANUARY, AccountsInSql, Customer, issued, lived, paid, row
from tests.support.raw_sql import alter, change

JULY = datetime(2026, 7, 1, tzinfo=UTC)
ENTRY, INVOICED = Invariant.DOUBLE_ENTRY, Invariant.INVOICED
EUROS, DOLLARS, CARRIED, LAST = (f"fabrikam-00000{number}" for number in (1, 2, 3, 4))
OF_JANUARY = "row:s-1:charge-0101-000000000000"
OF_APRIL = "row:s-1:charge-0401-000000000000"
NOTED = "UPDATE account_event SET record = replace(record, {}) WHERE customer_id = 'fabrikam' AND seq = {}"
GONE = (
    f"DELETE FROM invoice_line WHERE invoice_id = '{LAST}'",
    f"DELETE FROM invoice_standing WHERE invoice_id = '{LAST}'",
    f"DELETE FROM invoice WHERE id = '{LAST}'",
)


@pytest_asyncio.fixture
async def auditor(database: Database) -> SqlAccountAuditor:
    """Over the accounts of one to whom everything happens (fabrikam), and of another who paid (tailspin)."""
    accounts = AccountsInSql(database)
    assert await lived(Customer(accounts)) == [EUROS, DOLLARS, CARRIED, LAST]
    other = Customer(accounts, "tailspin", prefix="t")
    await other.write(row(JANUARY.start))
    await other.close()
    await other.record(issued(1, "tailspin-000001", "10.00"))
    await other.close(FEBRUARY)
    await other.record(paid(2, "p-1", "13.00", ("tailspin-000001", "10.00", InvoiceState.PAID)))
    return SqlAccountAuditor(database)


async def found(auditor: SqlAccountAuditor) -> dict[str, AuditedAccount]:
    return {audited.customer_id: audited for audited in await auditor.page()}


async def violations(auditor: SqlAccountAuditor) -> list[AccountViolation]:
    """Of the account that was altered: the other one is sound."""
    accounts = await found(auditor)
    assert accounts["tailspin"].violations == ()
    return [*accounts["fabrikam"].violations, *await auditor.series()]


async def test_accounts_that_nobody_altered(auditor: SqlAccountAuditor) -> None:
    accounts = await found(auditor)
    assert list(accounts) == ["fabrikam", "tailspin"]
    assert [audited.violations for audited in accounts.values()] == [(), ()]
    assert (accounts["fabrikam"].invoices, accounts["fabrikam"].entries) == (4, 13)
    assert (accounts["tailspin"].invoices, accounts["tailspin"].entries) == (1, 2)
    assert await auditor.series() == []


async def test_books_without_accounts(database: Database) -> None:
    auditor = SqlAccountAuditor(database)
    assert (await auditor.page(), await auditor.series()) == ([], [])


async def test_it_goes_page_by_page(auditor: SqlAccountAuditor) -> None:
    (first,) = await auditor.page(limit=1)
    (second,) = await auditor.page(limit=1, after=first.customer_id)
    assert (first.customer_id, second.customer_id) == ("fabrikam", "tailspin")
    assert await auditor.page(after="tailspin") == []


@pytest.mark.parametrize(
    ("statement", "invariant", "words"),
    [
        # The ledger
        (
            "UPDATE ledger_entry SET amount_minor = 2999 WHERE amount_minor = 3000 AND at < '2026-02'",
            INVOICED,
            f"{DOLLARS} totals USD 40.00, its lines 39.99",
        ),
        (
            "UPDATE ledger_entry SET amount_minor = 301 WHERE amount_minor = 300",
            ENTRY,
            f"entry {OF_APRIL} does not match",
        ),
        ("UPDATE ledger_entry SET kind = 'credit' WHERE amount_minor = 300", ENTRY, f"entry {OF_APRIL} does not match"),
        ("UPDATE ledger_entry SET key = 'another' WHERE amount_minor = 300", ENTRY, f"entry {OF_APRIL} does not match"),
        ("DELETE FROM ledger_entry WHERE amount_minor = 300", ENTRY, f"entry {OF_APRIL} does not match"),
        ("UPDATE ledger_entry SET currency = 'EUR' WHERE amount_minor = 1200", INVOICED, "lines in another currency"),
        # Invoices
        (
            f"UPDATE invoice SET charges_minor = 4300, due_minor = 4100 WHERE id = '{DOLLARS}'",
            INVOICED,
            "invoices and uninvoiced rows add up to USD 77.00, the ledger to 76.00",
        ),
        (
            f"UPDATE invoice SET charges_minor = 2900, due_minor = 2300 WHERE id = '{LAST}'",
            INVOICED,
            f"{LAST} totals USD 29.00, its lines 30.00",
        ),
        (
            f"UPDATE invoice SET carried_in_minor = 700, due_minor = 2300 WHERE id = '{LAST}'",
            INVOICED,
            f"{LAST} applies a credit of 7.00; the credit was USD 6.00",
        ),
        (
            f"UPDATE invoice SET carried_in_minor = 700, due_minor = 2300 WHERE id = '{LAST}'",
            ENTRY,
            f"entry applied:{LAST} does not match",
        ),
        (
            f"UPDATE invoice SET carried_in_minor = 900, carried_out_minor = 500 WHERE id = '{CARRIED}'",
            INVOICED,
            f"{LAST} applies a credit of 6.00; the credit was USD 5.00",
        ),
        (f"UPDATE invoice SET currency = 'EUR' WHERE id = '{LAST}'", INVOICED, f"{LAST} has lines in another currency"),
        (
            f"UPDATE invoice SET due_at = issued_at WHERE id = '{LAST}'",
            INVOICED,
            f"{LAST} was changed after it was closed",
        ),
        (
            f"UPDATE invoice SET customer_id = 'lucerne' WHERE id = '{LAST}'",
            INVOICED,
            f"{LAST} was changed after it was closed",
        ),
        # Their lines
        (
            f"UPDATE invoice_line SET invoice_id = '{LAST}', position = 9 WHERE invoice_id = '{CARRIED}'",
            INVOICED,
            f"{LAST} totals USD 30.00, its lines 34.00",
        ),
        (
            f"DELETE FROM invoice_line WHERE invoice_id = '{CARRIED}'",
            INVOICED,
            f"{CARRIED} totals USD 4.00, its lines 0",
        ),
        # How they stand
        (f"UPDATE invoice_standing SET state = 'paid' WHERE invoice_id = '{LAST}'", INVOICED, f"lists show {LAST}"),
        (f"UPDATE invoice_standing SET paid_minor = 401 WHERE invoice_id = '{LAST}'", INVOICED, f"lists show {LAST}"),
        (f"DELETE FROM invoice_standing WHERE invoice_id = '{EUROS}'", INVOICED, f"lists show {EUROS}"),
        # Payments
        ("UPDATE payment SET amount_minor = 5001 WHERE amount_minor = 5000", INVOICED, "the payments differ from"),
        ("UPDATE payment SET currency = 'EUR' WHERE amount_minor = 5000", INVOICED, "the payments differ from"),
        ("UPDATE payment SET payment_id = 'p-9' WHERE amount_minor = 5000", INVOICED, "the payments differ from"),
        ("DELETE FROM payment WHERE amount_minor = 400", INVOICED, "the payments differ from"),
        (
            "INSERT INTO payment SELECT customer_id, 'p-3', seq, at, currency, 1 FROM payment WHERE seq = 10",
            INVOICED,
            "the payments differ from",
        ),
        # The account's journal
        ("DELETE FROM account_event WHERE customer_id = 'fabrikam' AND seq = 7", INVOICED, "event 8 is where"),
        ("DELETE FROM account_event WHERE seq = 10", INVOICED, "the payments differ from"),
        ("DELETE FROM account_event WHERE seq = 10", ENTRY, "entry payment:fabrikam:p-2 does not match"),
        (NOTED.format(f"'{LAST}', 'fabrikam-000009'", 5), INVOICED, "event 5 issues fabrikam-000009, which does not"),
        (NOTED.format("'\"50.00\"', '\"51.00\"'", 3), ENTRY, "entry payment:fabrikam:p-1 does not match"),
        (NOTED.format("'\"40.00\"', '\"41.00\"'", 3), INVOICED, f"more was paid on {DOLLARS} than was due"),
        (
            NOTED.format("'\"10.00\"', '\"11.00\"'", 3),
            INVOICED,
            f"{CARRIED} applies a credit of 10.00; the credit was USD 11.00",
        ),
        (NOTED.format("'\"overdue\"', '\"paid\"'", 10), INVOICED, f"lists show {LAST} differently"),
        # Double entry
        (f"UPDATE posting SET amount_minor = 3001 WHERE entry_id = '{OF_JANUARY}' AND position = 0", ENTRY, "balance"),
        (f"UPDATE posting SET currency = 'EUR' WHERE entry_id = '{OF_JANUARY}' AND position = 0", ENTRY, "balance"),
        (f"DELETE FROM posting WHERE entry_id = '{OF_JANUARY}'", ENTRY, f"entry {OF_JANUARY} does not balance"),
        (f"DELETE FROM posting WHERE entry_id = '{OF_JANUARY}' AND position = 1", ENTRY, "does not balance"),
        (f"INSERT INTO posting VALUES ('{OF_JANUARY}', 2, 'credit', 'USD', 1)", ENTRY, "does not balance"),
        (
            f"UPDATE posting SET amount_minor = 2 * amount_minor WHERE entry_id = '{OF_JANUARY}'",
            ENTRY,
            "does not match",
        ),
        (
            f"UPDATE posting SET account = 'credit' WHERE entry_id = '{OF_JANUARY}' AND position = 0",
            ENTRY,
            "does not match",
        ),
        (f"UPDATE posting SET currency = 'EUR' WHERE entry_id = '{OF_JANUARY}'", ENTRY, "does not match"),
        (
            f"UPDATE entry SET customer_id = 'lucerne' WHERE id = '{OF_JANUARY}'",
            ENTRY,
            f"entry {OF_JANUARY} does not match",
        ),
        # What cannot even be read
        ("UPDATE ledger_entry SET at = 'yesterday' WHERE amount_minor = 300", INVOICED, "cannot be read"),
        (f"UPDATE invoice SET due_at = 'soon' WHERE id = '{LAST}'", INVOICED, "cannot be read"),
        (f"UPDATE invoice SET currency = 'XXZ' WHERE id = '{LAST}'", INVOICED, "cannot be read"),
        (f"UPDATE invoice_standing SET state = 'gone' WHERE invoice_id = '{LAST}'", INVOICED, "cannot be read"),
        ("UPDATE payment SET currency = 'XXZ' WHERE amount_minor = 400", INVOICED, "cannot be read"),
        (f"UPDATE posting SET currency = 'XXZ' WHERE entry_id = '{OF_JANUARY}'", INVOICED, "cannot be read"),
        ("UPDATE account_event SET record = '{}' WHERE seq = 10", INVOICED, "cannot be read"),
        ("UPDATE account_event SET record = 'no' WHERE seq = 10", INVOICED, "cannot be read"),
        (NOTED.format("'\"USD\"', 'null'", 10), INVOICED, "cannot be read"),
        (NOTED.format("'\"p-2\"', 'null'", 10), INVOICED, "cannot be read"),
    ],
)
async def test_what_was_altered_is_found(
    auditor: SqlAccountAuditor, database: Database, statement: str, invariant: Invariant, words: str
) -> None:
    await alter(database, statement)
    altered = await violations(auditor)
    assert any(words in each.words for each in altered if each.invariant is invariant), altered
    assert {each.customer_id for each in altered} <= {"fabrikam"}


async def test_an_entry_that_was_removed_is_found(auditor: SqlAccountAuditor, database: Database) -> None:
    gone = (f"DELETE FROM posting WHERE entry_id = '{OF_APRIL}'", f"DELETE FROM entry WHERE id = '{OF_APRIL}'")
    await alter(database, *gone)
    (missing,) = await violations(auditor)
    assert (missing.invariant, missing.words.startswith(f"entry {OF_APRIL} does not match")) == (ENTRY, True)


async def test_an_entry_for_nothing_is_found(auditor: SqlAccountAuditor, database: Database) -> None:
    """It balances, so that the database takes it; nothing in the ledger says it."""
    await change(
        database,
        "INSERT INTO posting VALUES ('row:s-1:x', 0, 'receivable', 'USD', -9), ('row:s-1:x', 1, 'payment', 'USD', 9)",
        "INSERT INTO entry VALUES ('row:s-1:x', 'fabrikam', '2026-01-01T00:00:00.000000Z', 'payment')",
    )
    (made_up,) = await violations(auditor)
    assert (made_up.invariant, made_up.words[:24]) == (ENTRY, "entry row:s-1:x does not")


async def test_an_invoice_that_was_removed_is_found(auditor: SqlAccountAuditor, database: Database) -> None:
    await alter(database, *GONE)
    words = [each.words for each in await violations(auditor) if each.invariant is INVOICED]
    assert {f"event 5 issues {LAST}, which does not exist", f"{LAST} was changed after it was closed"} <= set(words)


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ([f"UPDATE invoice SET number = 9 WHERE id = '{LAST}'"], "4 numbers from 1 to 9"),
        ([f"UPDATE invoice SET number = 0 WHERE id = '{EUROS}'"], "4 numbers from 0 to 4"),
        ([sql.replace(LAST, CARRIED) for sql in GONE], "3 numbers from 1 to 4"),
        (GONE, "3 numbers from 1 to 3, the last one taken is 4"),
        (["UPDATE invoice_series SET last_number = 6 WHERE series = 'fabrikam'"], "the last one taken is 6"),
        (["UPDATE invoice_series SET last_number = 2 WHERE series = 'fabrikam'"], "the last one taken is 2"),
    ],
)
async def test_a_gap_in_the_numbers_is_found(
    auditor: SqlAccountAuditor, database: Database, statements: Sequence[str], words: str
) -> None:
    """MON-5."""
    await alter(database, *statements)
    (gap,) = await auditor.series()
    assert (gap.customer_id, gap.invariant) == ("fabrikam", INVOICED)
    assert words in gap.words


async def test_it_only_reads(auditor: SqlAccountAuditor, database: Database) -> None:
    before = await SqlAccountReader(database).entries("fabrikam")
    await alter(database, f"UPDATE invoice_standing SET paid_minor = 0 WHERE invoice_id = '{LAST}'")
    assert await violations(auditor) == await violations(auditor) != []
    assert await SqlAccountReader(database).entries("fabrikam") == before


async def test_books_that_enter_wrong_sides_are_found(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**double_entry.ROW_SIDES, Kind.CHARGE: (BookAccount.PAYMENT, BookAccount.REVENUE)}
    monkeypatch.setattr(double_entry, "ROW_SIDES", wrong)
    customer = Customer(AccountsInSql(database))
    await customer.write(row(JANUARY.start))
    await customer.close()
    audited = (await found(SqlAccountAuditor(database)))["fabrikam"]
    assert [violation.invariant for violation in audited.violations if violation.invariant is ENTRY] == [ENTRY]


COLUMNS = "customer_id, subscription_id, seq, invoice_id, lifted_by"
HOLD = f"INSERT INTO nonpayment_hold ({COLUMNS}) VALUES ('fabrikam', 's-1', {{}})"


@pytest.mark.parametrize(
    ("hold", "words"),
    [
        (f"9, '{LAST}', NULL", None),
        ("9, NULL, NULL", None),
        (f"8, '{LAST}', NULL", "that event suspends nothing"),
        (f"99, '{LAST}', NULL", "that event suspends nothing"),
        (f"9, '{DOLLARS}', NULL", f"is for {DOLLARS}, the event's invoice is {LAST}"),
        (f"9, '{LAST}', 10", "is lifted by event 10, which lifts nothing of it"),
        (f"9, '{LAST}', 99", "is lifted by event 99, which lifts nothing of it"),
    ],
)
async def test_mon_9_holds_are_those_of_the_journal(
    database: Database, auditor: SqlAccountAuditor, hold: str, words: str | None
) -> None:
    await change(database, HOLD.format(hold))
    told = await violations(auditor)
    assert [violation.invariant for violation in told] == ([Invariant.HELD] if words else [])
    assert words is None or words in told[0].words


async def test_mon_9_a_hold_that_was_not_lifted_is_found_once_the_account_has_gone_on(
    database: Database, auditor: SqlAccountAuditor
) -> None:
    """Until a later event is recorded, the lift may be under way."""
    fabrikam = Customer(AccountsInSql(database))
    await change(database, HOLD.format(f"9, '{LAST}', NULL"))
    rest = paid(11, "p-3", "20.00", (LAST, "20.00", InvoiceState.PAID), at=JULY)
    await fabrikam.record(rest.model_copy(update={"lifts": True}))
    assert await violations(auditor) == []
    await fabrikam.record(paid(12, "p-4", "1.00", at=JULY))
    (told,) = await violations(auditor)
    assert (told.invariant, told.words) == (
        Invariant.HELD,
        "the hold of s-1 by account event 9 still stands, though event 11 lifted it",
    )
    await change(database, "UPDATE nonpayment_hold SET lifted_by = 11")
    assert await violations(auditor) == []
