"""MOV-6: what a customer owed on invoices of another system is owed, paid and dunned here, and never twice."""

from decimal import Decimal
from typing import Any

import pytest

from domain.account.account import Account
from domain.account.openings import OpenInvoice, taken_over_id
from domain.subscription.decision import Answer
from statemachines.account.openings import MOST_TAKEN_OVER
from statemachines.rebuilding.account import BookedAccount, rebuilt_account
from tests.support.instants import instant
from tests.support.simulated.customer import CUSTOMER, ACustomer, a_request
from tests.support.simulated.life import Facts

OPEN: Facts = {
    "number": "2026/0815",
    "currency": "USD",
    "amount": "30",
    "issued_at": "2026-01-01T00:00:00Z",
    "due_at": "2026-03-02T00:00:00Z",
}
MOVED = "2026-01-20"
ID = taken_over_id(CUSTOMER, "2026/0815")


def moved(customer: ACustomer, *invoices: Facts, at: str = MOVED, changes: Facts | None = None) -> Answer:
    """The request at that instant: of these invoices, or of the open one with the changes."""
    return customer.request(at, "take_over_invoices", invoices=list(invoices or ({**OPEN, **(changes or {})},)))


def happened(customer: ACustomer) -> list[str]:
    """The account's events on the invoice."""
    return [f"{event.event} {event.at:%m-%d}" for event in customer.journal if event.invoice == ID]


def owed(customer: ACustomer) -> list[tuple[str, str]]:
    return [(each.invoice, f"{each.owed}") for each in customer.account.receivables]


def restored(customer: ACustomer) -> Account:
    """The account as the books would give it back."""
    booked = BookedAccount(
        customer_id=CUSTOMER,
        terms=customer.account.terms,
        opened_at=customer.account.opened_at,
        events=tuple(customer.journal),
    )
    return rebuilt_account(booked).account


def without_month(account: Account) -> dict[str, Any]:
    return account.model_dump(exclude={"month", "seen", "looking"})


def test_it_is_owed_with_its_dates_and_reminded_and_suspended_by_them() -> None:
    customer = ACustomer(buys=False)
    answer = moved(customer)
    assert (answer.outcome, answer.rule) == ("done", "MOV-6")
    assert answer.message == "1 open invoice of another system taken over."
    assert owed(customer) == [(ID, "30.00")]
    (event,) = customer.journal
    assert event.opening is not None
    assert (event.opening.head.taken_over, event.opening.head.period, event.state) == ("2026/0815", None, "issued")
    customer.until("2026-04-02")
    dunned = ["invoice_overdue 03-02", "reminded 03-03", "reminded 03-09", "reminded 03-16"]
    assert happened(customer) == ["invoice_taken_over 01-20", *dunned, "suspended_for_nonpayment 04-01"]
    assert without_month(restored(customer)) == without_month(customer.account)


def test_one_that_was_due_before_is_overdue_at_once_and_old_reminders_are_not_sent_again() -> None:
    customer = ACustomer(buys=False, opened="2026-03-10")
    moved(customer, at="2026-03-10")
    assert happened(customer) == ["invoice_taken_over 03-10", "invoice_overdue 03-10"]
    customer.until("2026-04-02")
    assert happened(customer)[2:] == ["reminded 03-16", "suspended_for_nonpayment 04-01"]
    late = ACustomer(buys=False, opened="2026-05-01")
    moved(late, at="2026-05-01")
    assert happened(late) == [
        "invoice_taken_over 05-01",
        "invoice_overdue 05-01",
        "suspended_for_nonpayment 05-01",
    ]


def test_a_payment_pays_what_is_due_first_wherever_it_was_issued() -> None:
    customer = ACustomer()
    moved(customer)
    customer.until("2026-02-01")
    assert len(customer.account.receivables) == 2
    answer = customer.pay("2026-02-02", "45.00")
    assert answer.message.startswith(f"USD 45.00 received. {ID} is paid. USD 15.00 is still owed on fabrikam-000001")
    assert [each.head.number for each in customer.documents] == [0, 1], "our own numbers have no gap"


def test_mon_7_it_is_owed_once_also_after_it_was_paid() -> None:
    customer = ACustomer(buys=False)
    moved(customer)
    customer.pay("2026-01-21", "30.00")
    again = moved(customer, at="2026-01-22")
    assert (again.outcome, again.rule) == ("unchanged", "MON-7")
    assert owed(customer) == []
    refused = moved(customer, at="2026-01-22", changes={"amount": "31.00"})
    assert (refused.outcome, refused.rule) == ("refused", "MOV-6")
    assert refused.message == "Invoice 2026/0815 is taken over already, with another amount or other dates."
    assert without_month(restored(customer)) == without_month(customer.account)


def test_invariant_15_credit_of_the_account_pays_it_first() -> None:
    customer = ACustomer(buys=False)
    # A payment before anything is owed is credit (MON-5).
    customer.pay("2026-01-16", "40.00")
    moved(customer, {**OPEN, "number": "late", "due_at": "2026-04-01T00:00:00Z"}, OPEN)
    assert owed(customer) == [(taken_over_id(CUSTOMER, "late"), "20.00")]
    assert customer.account.credit == {}
    assert [event.state for event in customer.journal[1:]] == ["carried", "issued"]
    assert without_month(restored(customer)) == without_month(customer.account)


def test_mon_9_what_was_suspended_for_it_there_is_lifted_when_it_is_paid() -> None:
    customer = ACustomer(buys=False)
    moved(customer, changes={"held": True})
    assert customer.account.held_for == (ID,)
    customer.pay("2026-01-21", "30.00")
    assert customer.journal[-1].lifts


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"issued_at": "2026-01-21T00:00:00Z"}, "it must have been issued by now"),
        ({"due_at": "2025-12-31T00:00:00Z"}, "and be due after that"),
    ],
)
def test_what_cannot_be_is_refused(changes: Facts, words: str) -> None:
    customer = ACustomer(buys=False)
    answer = moved(customer, changes=changes)
    assert (answer.outcome, answer.rule) == ("refused", "MOV-6")
    assert words in answer.message
    assert customer.journal == []


def test_nothing_is_named_twice_and_an_account_takes_over_so_many() -> None:
    customer = ACustomer(buys=False)
    assert moved(customer, OPEN, OPEN).message == "The request names an invoice twice."
    some = [{**OPEN, "number": f"{n}", "amount": "1"} for n in range(MOST_TAKEN_OVER + 1)]
    for first in range(0, MOST_TAKEN_OVER, 100):
        assert moved(customer, *some[first : first + 100]).outcome == "done"
    refused = moved(customer, some[-1])
    assert refused.message == "An account takes over at most 300 open invoices; it has 300."
    assert len(customer.account.receivables) == MOST_TAKEN_OVER


def test_an_id_is_of_its_customer_and_no_invoice_of_ours_can_have_it() -> None:
    ids = {
        taken_over_id(of, number) for of in ("fabrikam", "adatum") for number in ("contoso-000001", "contoso/000001")
    }
    assert len(ids) == 4
    assert not any(each.rpartition("-")[2].isdigit() for each in ids)
    request = a_request("take_over_invoices", invoices=[{**OPEN, "amount": "30.0"}])
    (invoice,) = request.invoices  # type: ignore[union-attr]
    assert isinstance(invoice, OpenInvoice)
    assert f"{invoice.owed}" == "30.00"
    assert invoice.owed == Decimal(30)
    assert instant("2026-03-02") == invoice.due_at
