"""What every kind of an account's books does: months, rows and payments once each (MON-5, MON-6)."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from activities.accounts.contracts import AccountRecordInput
from activities.errors import BooksConflict
from domain.account.events import AccountEvent, AccountRecord
from domain.account.invoice import Invoice, InvoiceState
from domain.subscription.ledger import Kind
from tests.support.books.account import (
    CUSTOMER,
    FEBRUARY,
    JANUARY,
    MARCH,
    Customer,
    accounts_at,
    cents,
    issued,
    overdue,
    owing,
    paid,
    row,
)
from tests.support.instants import DAY, TICK

PAID, ISSUED = InvoiceState.PAID, InvoiceState.ISSUED
FIRST, SECOND = f"{CUSTOMER}-000001", f"{CUSTOMER}-000002"


@pytest_asyncio.fixture
async def customer(url_or_none: str | None) -> AsyncIterator[Customer]:
    async with accounts_at(url_or_none) as accounts:
        yield Customer(accounts)


async def keys(customer: Customer) -> list[list[str]]:
    """The keys on each invoice, in order."""
    return [[line.row.key for line in invoice.lines] for invoice in await customer.documents()]


async def waiting(customer: Customer) -> list[str]:
    return [line.row.key for line in await customer.uninvoiced()]


async def test_a_month_has_what_is_dated_before_its_end(customer: Customer) -> None:
    """MON-5, TIM-1: half-open, to the microsecond."""
    last, first = row(JANUARY.end - TICK, key="last"), row(JANUARY.end, key="first")
    await customer.write(last, first)
    receipt = await customer.close()
    assert [head.invoice for head in receipt.invoices] == [FIRST]
    assert (await keys(customer), await waiting(customer)) == ([["last"]], ["first"])
    await customer.close(FEBRUARY)
    assert (await keys(customer), await waiting(customer)) == ([["last"], ["first"]], [])


async def test_an_invoice_says_whose_it_is_of_when_and_until_when_it_is_to_be_paid(customer: Customer) -> None:
    await customer.write(row(JANUARY.start))
    receipt = await customer.close()
    (invoice,) = await customer.documents()
    head = invoice.head
    assert (head,) == receipt.invoices
    assert receipt.period == JANUARY
    assert (head.customer_id, head.series, head.number, head.currency) == (CUSTOMER, CUSTOMER, 1, "USD")
    assert (head.period, head.issued_at, head.due_at) == (JANUARY, JANUARY.end, JANUARY.end + 60 * DAY)
    assert str(head.due) == "USD 10.00"


async def test_its_total_is_its_lines_and_credit_comes_off(customer: Customer) -> None:
    """MON-5: charges less credits; what was carried in pays first, and what is left of it goes on."""
    await customer.write(row(JANUARY.start, "30.00"), row(JANUARY.start + DAY, "5.00", Kind.CREDIT))
    await customer.close(carried_in={"USD": "3.50"})
    await customer.write(row(FEBRUARY.start, "1.00"))
    await customer.close(FEBRUARY, carried_in={"USD": "4.00"})
    first, second = await customer.documents()
    assert cents(first) == {
        "charges": 3000,
        "credits": 500,
        "carried_in": 350,
        "due": 2150,
        "settles": 0,
        "carried_out": 0,
    }
    assert first.head.totals.total == Decimal("25.00")
    assert cents(second) == {
        "charges": 100,
        "credits": 0,
        "carried_in": 400,
        "due": 0,
        "settles": 0,
        "carried_out": 300,
    }


async def test_credits_alone_are_never_a_pay_out(customer: Customer) -> None:
    """MON-5, CXL-5."""
    await customer.write(row(JANUARY.start, "30.00", Kind.CREDIT))
    await customer.close()
    (invoice,) = await customer.documents()
    assert cents(invoice) == {
        "charges": 0,
        "credits": 3000,
        "carried_in": 0,
        "due": 0,
        "settles": 0,
        "carried_out": 3000,
    }


async def test_credit_that_is_left_settles_what_earlier_ones_owe(customer: Customer) -> None:
    """MON-5: the one that fell due first before the others; it is read back as it was closed."""
    await customer.write(row(JANUARY.start, "30.00"), row(JANUARY.start + DAY, "7.35", currency="EUR"))
    euros, dollars = (head.invoice for head in (await customer.close()).invoices)
    await customer.record(issued(1, euros, "7.35", currency="EUR"), issued(2, dollars, "30.00"))
    await customer.write(row(FEBRUARY.start, "20.00"))
    (second,) = (await customer.close(FEBRUARY)).invoices
    await customer.record(issued(3, second.invoice, "20.00", FEBRUARY.end))
    await customer.write(row(MARCH.start, "45.00", Kind.CREDIT))
    owed = [owing(second.invoice, "20.00", MARCH.end), owing(dollars, "30.00"), owing(euros, "7.35", currency="EUR")]
    (head,) = (await customer.close(MARCH, unpaid=owed)).invoices
    assert [(each.invoice, f"{each.amount:f}") for each in head.settles] == [
        (dollars, "30.00"),
        (second.invoice, "15.00"),
    ]
    assert cents(Invoice(head=head, lines=()))["settles"] == 4500
    assert head.totals.carried_out == 0
    assert (await customer.documents())[-1].head == head
    assert (await customer.close(MARCH, unpaid=owed)).invoices == (head,)


async def test_what_was_written_late_stands_on_the_next_one(customer: Customer) -> None:
    """MON-5: all that there is since the last one, also what is dated in a month that is closed."""
    await customer.write(row(JANUARY.start, key="in-time"))
    await customer.close()
    await customer.write(row(JANUARY.start + DAY, key="late"), of=2)
    await customer.write(row(FEBRUARY.start, key="next"))
    await customer.close(FEBRUARY)
    assert await keys(customer) == [["in-time"], ["late", "next"]]


async def test_lines_are_in_the_order_of_their_instants(customer: Customer) -> None:
    await customer.write(row(JANUARY.start + 3 * DAY, key="third"), of=1)
    await customer.write(row(JANUARY.start + DAY, key="second-b"), of=2)
    await customer.write(row(JANUARY.start, key="first"), row(JANUARY.start + 5 * DAY, key="fifth"), of=3)
    await customer.write(row(JANUARY.start + DAY, key="second-a"), row(JANUARY.start + DAY, key="second-a2"), of=1)
    assert await waiting(customer) == ["first", "second-a", "second-a2", "second-b", "third", "fifth"]
    await customer.close()
    assert await keys(customer) == [["first", "second-a", "second-a2", "second-b", "third", "fifth"]]


async def test_each_currency_has_its_own(customer: Customer) -> None:
    """MON-1, MON-5: in the order of their codes; credit is of its currency alone."""
    await customer.write(row(JANUARY.start, "10.00"), of=1)
    await customer.write(row(JANUARY.start, "980", currency="JPY"), of=2)
    await customer.write(row(JANUARY.start, "7.35", currency="EUR"), of=3)
    await customer.close(carried_in={"JPY": "1000"})
    found = await customer.documents()
    assert [(invoice.head.currency, invoice.head.number) for invoice in found] == [("EUR", 1), ("JPY", 2), ("USD", 3)]
    assert [cents(invoice)["due"] for invoice in found] == [735, 0, 1000]
    assert cents(found[1])["carried_out"] == 20


async def test_a_month_of_nothing_takes_no_number(customer: Customer) -> None:
    """MON-5: also where there is credit, which waits for the next invoice."""
    receipt = await customer.close(carried_in={"USD": "5.00"})
    assert (receipt.period, receipt.invoices) == (JANUARY, ())
    await customer.write(row(FEBRUARY.start))
    assert [head.number for head in (await customer.close(FEBRUARY)).invoices] == [1]
    assert (await customer.close(MARCH)).invoices == ()
    assert len(await customer.documents()) == 1


async def test_numbers_have_no_gaps(customer: Customer) -> None:
    """MON-5."""
    for month in (JANUARY, FEBRUARY, MARCH):
        await customer.write(row(month.start), row(month.start, currency="EUR", key=f"euro-{month.start}"))
        await customer.close(month)
    assert [invoice.head.invoice for invoice in await customer.documents()] == [
        f"{CUSTOMER}-00000{number}" for number in range(1, 7)
    ]


async def test_closing_a_month_again_is_the_same_receipt(customer: Customer) -> None:
    """MON-2: also after other months, and after rows that came since."""
    await customer.write(row(JANUARY.start))
    first, empty = await customer.close(), await customer.close(FEBRUARY)
    await customer.write(row(JANUARY.start + DAY), of=2)
    before = await customer.documents()
    assert [await customer.close(), await customer.close(FEBRUARY), await customer.close()] == [first, empty, first]
    assert await customer.documents() == before
    assert len(await customer.uninvoiced()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"due_at": JANUARY.end},
        {"carried_in": {"USD": "1.00"}},
        {"period": {"start": JANUARY.start + DAY, "end": JANUARY.end}},
    ],
    ids=str,
)
async def test_a_closed_month_with_other_content_is_refused(customer: Customer, changes: dict[str, Any]) -> None:
    """MON-2: never a silent no-op."""
    await customer.write(row(JANUARY.start))
    await customer.close()
    await customer.write(row(JANUARY.start + DAY))
    with pytest.raises(BooksConflict, match="closed"):
        await customer.close(**changes)
    assert [len(await customer.documents()), len(await customer.uninvoiced())] == [1, 1]


async def test_a_row_is_never_on_two_invoices(customer: Customer) -> None:
    """Invariant 14."""
    for number, month in enumerate((JANUARY, FEBRUARY, MARCH), start=1):
        await customer.write(row(month.start, key=f"a-{number}"), of=1)
        await customer.write(row(month.start, key=f"b-{number}"), of=2)
        await customer.close(month)
        await customer.close(month)
    found = [key for its_keys in await keys(customer) for key in its_keys]
    assert sorted(found) == ["a-1", "a-2", "a-3", "b-1", "b-2", "b-3"]


async def test_the_same_key_in_two_subscriptions_is_two_rows(customer: Customer) -> None:
    for number in (1, 2):
        await customer.write(row(JANUARY.start, key="term-1/period-1"), of=number)
    await customer.close()
    (invoice,) = await customer.documents()
    assert [line.subscription_id for line in invoice.lines] == ["s-1", "s-2"]
    assert await customer.uninvoiced() == []


async def test_accounts_do_not_touch_each_other(customer: Customer) -> None:
    other = Customer(customer.accounts, "tailspin", prefix="t")
    await customer.write(row(JANUARY.start))
    await other.write(row(JANUARY.start), row(JANUARY.start + DAY))
    assert len((await customer.close()).invoices) == 1
    assert (await other.documents(), len(await other.uninvoiced())) == ([], 2)
    await other.close()
    (invoice,) = await other.documents()
    assert (invoice.head.customer_id, len(invoice.lines)) == ("tailspin", 2)
    await customer.record(issued(1, FIRST, "10.00"))
    await other.record(issued(1, invoice.head.invoice, "20.00"))
    assert [len(await one.events()) for one in (customer, other)] == [1, 1]


async def test_events_are_kept_in_order(customer: Customer) -> None:
    events = [issued(1, FIRST, "10.00"), overdue(2, FIRST, "10.00"), paid(3, "p-1", "10.00", (FIRST, "10.00", PAID))]
    await customer.record(*events[:2])
    await customer.record(events[2])
    assert await customer.events() == events


async def test_the_same_decision_again_changes_nothing(customer: Customer) -> None:
    """MON-2: whether it is the same object or a copy, the last one or an earlier."""
    first = (issued(1, FIRST, "10.00"), overdue(2, FIRST, "10.00"))
    last = (paid(3, "p-1", "12.00", (FIRST, "10.00", PAID)),)
    await customer.record(*first)
    await customer.record(*last)
    for events in (last, first, first, tuple(event.model_copy(deep=True) for event in last)):
        await customer.record(*events)
    entry = AccountRecordInput(customer_id=CUSTOMER, record=AccountRecord(events=(overdue(4, SECOND, "1.00"),)))
    await customer.accounts.record(entry)
    await customer.accounts.record(entry)
    assert await customer.events() == [*first, *last, *entry.record.events]


@pytest.mark.parametrize(
    "again",
    [
        (issued(1, FIRST, "11.00"), overdue(2, FIRST, "10.00")),
        (issued(1, FIRST, "10.00"), overdue(2, SECOND, "10.00")),
        (issued(1, FIRST, "10.00"), overdue(2, FIRST, "10.00"), issued(3, SECOND, "1.00")),
        (overdue(2, FIRST, "10.00"), issued(3, SECOND, "1.00")),
        (overdue(2, SECOND, "10.00"),),
    ],
)
async def test_other_content_under_the_same_number_is_refused(
    customer: Customer, again: tuple[AccountEvent, ...]
) -> None:
    """MON-2: nothing of it is written."""
    events = (issued(1, FIRST, "10.00"), overdue(2, FIRST, "10.00"))
    await customer.record(*events)
    with pytest.raises(BooksConflict, match="other content"):
        await customer.record(*again)
    assert await customer.events() == list(events)


@pytest.mark.parametrize(
    "gapped",
    [
        (issued(2, FIRST, "10.00"),),
        (issued(3, FIRST, "10.00"),),
        (issued(1, FIRST, "10.00"), issued(3, SECOND, "10.00")),
        (issued(1, FIRST, "10.00"), issued(2, SECOND, "10.00"), issued(2, SECOND, "10.00")),
    ],
)
async def test_an_event_that_skips_one_is_refused(customer: Customer, gapped: tuple[AccountEvent, ...]) -> None:
    """Invariant 8: each is the one before plus 1, also within a decision."""
    with pytest.raises(BooksConflict, match="cannot follow"):
        await customer.record(*gapped)
    assert await customer.events() == []
    await customer.record(issued(1, FIRST, "10.00"))


async def test_a_payment_is_taken_once(customer: Customer) -> None:
    """MON-6, MON-2: its id is one payment's for ever, whatever the amount."""
    await customer.record(issued(1, FIRST, "10.00"), paid(2, "p-1", "4.00", (FIRST, "4.00", ISSUED)))
    for amount in ("4.00", "6.00"):
        with pytest.raises(BooksConflict, match=r"[Pp]ayment p-1"):
            await customer.record(paid(3, "p-1", amount, (FIRST, amount, ISSUED)))
    with pytest.raises(BooksConflict, match=r"[Pp]ayment p-2"):
        await customer.record(paid(3, "p-2", "1.00"), paid(4, "p-2", "1.00"))
    assert [event.seq for event in await customer.events()] == [1, 2]
    await customer.record(paid(3, "p-2", "6.00", (FIRST, "6.00", PAID)))
    other = Customer(customer.accounts, "tailspin")
    await other.record(paid(1, "p-1", "4.00"))
