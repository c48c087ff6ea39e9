"""Corrections of money in SQL: the double entry, lists, balances and `check` tell the same of them (MON-10)."""

from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from activities.adapters.sql.account.auditor import SqlAccountAuditor
from activities.adapters.sql.database import Database
from domain.account.invoice import InvoiceState
from domain.account.requests import AnyAccountRequest
from domain.subscription.decision import Answer
from tests.support.books.account import FEBRUARY, JANUARY, row
from tests.support.books.lived_account import LivedAccount
from tests.support.instants import DAY
from tests.support.raw_sql import change

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
