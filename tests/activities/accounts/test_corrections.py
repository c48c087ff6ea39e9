"""Corrections of money in SQL: the double entry, lists, balances and `check` tell the same of them (MON-10)."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from activities.accounts.contracts import AccountReceipt, AccountRecordInput, NumberedNote
from activities.adapters.sql.account.auditor import SqlAccountAuditor
from activities.adapters.sql.account.reader import SqlAccountReader
from activities.adapters.sql.database import Database
from activities.adapters.sql.reconciliation.backfill import SqlBackfill
from activities.errors import BooksConflict
from domain.account.events import AccountEvent, AccountEventName, AccountRecord
from domain.account.invoice import InvoiceState
from domain.account.requests import AnyAccountRequest
from domain.subscription.decision import Answer
from tests.support.books.account import FEBRUARY, JANUARY, AccountsInSql, Customer, row
from tests.support.books.lived_account import LivedAccount
from tests.support.instants import DAY
from tests.support.raw_sql import alter, change, rows
from tests.support.shop.buyers import customer as record_of
from tests.support.shop.buyers import partner
from tests.support.shop.orders import stock

REQUESTS: TypeAdapter[AnyAccountRequest] = TypeAdapter(AnyAccountRequest)
FIRST, SECOND = "fabrikam-000001", "fabrikam-000002"


@pytest.fixture
async def account(database: Database) -> LivedAccount:
    """An account with two unpaid invoices of USD 30.00."""
    made = LivedAccount(database)
    await made.customer.write(row(JANUARY.start + DAY, "30.00"))
    await made.advance(JANUARY.end)
    await made.customer.write(row(FEBRUARY.start + DAY, "30.00"))
    await made.advance(FEBRUARY.end)
    return made


async def asked(account: LivedAccount, do: str, **fields: object) -> Answer:
    """A request as it comes in, by a user."""
    by = {"do": do, "by": "admin_agent", **fields}
    return await account.ask(REQUESTS.validate_python(by), account.now)


async def everything(account: LivedAccount) -> None:
    """Each correction once: a note with a surplus, a refund paid out, a charge-back, a write-off."""
    money = {"currency": "USD", "reason": "a reason"}
    answers = [
        await asked(account, "pay", payment_id="p-1", currency="USD", amount="35.00"),
        await asked(account, "credit_note", credit_id="c-1", invoice=SECOND, amount="28.00", **money),
        await asked(account, "credit_note", credit_id="c-2", amount="10.00", **money),
        await asked(account, "refund", refund_id="r-1", amount="4.00", **money),
        await asked(account, "refund_paid", refund_id="r-1"),
        await asked(account, "reverse_payment", payment_id="p-1", reason="charge-back"),
        await asked(account, "credit_note", credit_id="c-3", amount="1.00", **money),
        await asked(account, "write_off", invoice=FIRST, reason="insolvent"),
    ]
    assert [f"{answer.outcome} {answer.rule}" for answer in answers] == ["done MON-6", *["done MON-10"] * 7]


async def test_check_lists_and_balances_tell_the_same(account: LivedAccount, database: Database) -> None:
    await everything(account)
    (audited,) = await SqlAccountAuditor(database).page()
    assert audited.violations == ()
    (balance,) = await account.books.balances("fabrikam")
    owed = sum(receivable.owed for receivable in account.life.account.receivables)
    assert (balance.owed, balance.carried) == (owed, account.life.account.credit_in("USD"))
    # 35.00 came and were taken back, 4.00 were paid out; of 60.00, 39.00 were credited.
    assert (balance.payments, balance.revenue) == (Decimal(-4), Decimal(21))
    listed = {each.head.invoice: each.standing for each in await account.books.invoices("fabrikam")}
    assert listed[FIRST].state is InvoiceState.PAID
    assert (listed[FIRST].settled, listed[FIRST].written_off) == (Decimal("10.00"), Decimal("20.00"))


async def test_mon_10_a_note_is_on_its_invoice_for_good(account: LivedAccount) -> None:
    await everything(account)
    document, standing = await account.books.invoice(SECOND) or (None, None)
    assert document is not None
    assert standing is not None
    assert standing.owed(document.head.totals.due) == Decimal("5.00")
    assert [(each.credit_id, each.amount) for each in standing.credit_notes] == [("c-1", Decimal("25.00"))]


async def test_a_list_that_was_altered_is_found(account: LivedAccount, database: Database) -> None:
    await everything(account)
    await change(database, f"UPDATE invoice_standing SET corrected_minor = 1 WHERE invoice_id = '{FIRST}'")
    (audited,) = await SqlAccountAuditor(database).page()
    assert [each.words for each in audited.violations] == [f"lists show {FIRST} differently from the account's journal"]


# Numbers of credit notes


def note(seq: int, credit_id: str, at: datetime = FEBRUARY.start) -> AccountEvent:
    """A free credit note of USD 1.00."""
    return AccountEvent(
        seq=seq,
        at=at,
        event=AccountEventName.CREDIT_NOTE_ISSUED,
        rule="MON-10",
        by="admin_agent",
        amount=Decimal("1.00"),
        currency="USD",
        credited=Decimal("1.00"),
        correction=credit_id,
        details="goodwill",
    )


async def issued_to(accounts: AccountsInSql, customer_id: str, seq: int) -> list[str]:
    receipt = await Customer(accounts, customer_id).record(note(seq, f"{customer_id}-{seq}"))
    assert receipt is not None
    return [each.id for each in receipt.credit_notes]


async def test_mon_10_notes_have_numbers_without_gaps_in_their_partners_series(database: Database) -> None:
    """Not those of its invoices; and the same again where a decision is recorded again."""
    await stock(database, partner(), *(record_of(id=name) for name in ("fabrikam", "tailspin")))
    accounts = AccountsInSql(database)
    found = [await issued_to(accounts, who, seq) for who, seq in (("fabrikam", 1), ("tailspin", 1), ("fabrikam", 2))]
    assert found == [["northwind-C000001"], ["northwind-C000002"], ["northwind-C000003"]]
    assert await issued_to(accounts, "tailspin", 1) == ["northwind-C000002"]
    assert await issued_to(accounts, "nobody", 1) == ["nobody-C000001"]
    reader = SqlAccountReader(database)
    assert [each.note.id for each in await reader.credit_notes("fabrikam")] == [found[0][0], found[2][0]]
    issued = await reader.credit_note("northwind-C000002")
    assert issued is not None
    assert (issued.customer_id, issued.note.series, issued.event) == ("tailspin", "northwind", note(1, "tailspin-1"))
    assert await reader.credit_note("northwind-C000009") is None
    assert await SqlAccountAuditor(database).series() == []


async def test_notes_at_once_leave_no_gap(url: str) -> None:
    """By several processes, for several customers of one partner."""
    names = ("fabrikam", "tailspin", "lucerne")
    async with Database(url) as here, Database(url) as there:
        await stock(here, partner(), *(record_of(id=name) for name in names))
        places = [AccountsInSql(here), AccountsInSql(there)]

        async def issue(number: int) -> list[str]:
            each = [await issued_to(places[(number + seq) % 2], names[number], seq) for seq in (1, 2, 3)]
            return [note_id for ids in each for note_id in ids]

        found = await asyncio.gather(*(issue(number) for number in range(3)))
        assert sorted(each for ids in found for each in ids) == [f"northwind-C{n:06d}" for n in range(1, 10)]


async def test_a_gap_of_notes_is_found(database: Database) -> None:
    accounts = AccountsInSql(database)
    for seq in (1, 2):
        await issued_to(accounts, "fabrikam", seq)
    await alter(database, "UPDATE credit_note SET number = 3 WHERE seq = 2")
    (found,) = await SqlAccountAuditor(database).series()
    assert found.words == "its credit notes have 2 numbers from 1 to 3, the last one taken is 2: there are gaps"


async def test_mon_10_a_note_that_is_written_again_in_older_books_keeps_its_number(database: Database) -> None:
    backfill = SqlBackfill(database)

    def write(customer_id: str, seq: int, number: int | None) -> Awaitable[bool]:
        record = AccountRecord(events=(note(seq, f"{customer_id}-{seq}"),))
        entry = AccountRecordInput(customer_id=customer_id, record=record, test_clock=True)
        if number is None:
            return backfill.write(entry, None)
        given = NumberedNote(seq=seq, id=f"northwind-C{number:06d}", series="northwind", number=number)
        return backfill.write(entry, AccountReceipt(credit_notes=(given,)))

    await stock(database, partner(), *(record_of(id=name) for name in ("fabrikam", "tailspin")))
    assert [await write("fabrikam", 1, 2) for _ in range(2)] == [True, False]
    assert await write("tailspin", 1, 1)
    assert await write("tailspin", 2, None)
    numbers = await rows(database, "SELECT customer_id, number FROM credit_note ORDER BY number")
    assert numbers == [("tailspin", 1), ("fabrikam", 2), ("tailspin", 3)]
    with pytest.raises(BooksConflict, match="Credit note northwind-C000003 of fabrikam is another one here, of tail"):
        await write("fabrikam", 2, 3)
    assert await SqlAccountAuditor(database).series() == []
