"""Credit notes, write-offs, refunds, and payments that were taken back (MON-10)."""

from decimal import Decimal

import pytest

from domain.account.events import AccountEventName
from domain.account.requests import AnyAccountRequest
from domain.account.terms import terms_of
from domain.money import Money
from domain.subscription.decision import Answer
from statemachines.account.life import AccountSteps, Closing
from statemachines.account.standing import standing_of
from tests.support.instants import TICK, instant
from tests.support.simulated.customer import ACustomer, a_request, numbered, paid
from tests.support.simulated.life import Facts

YEAR: Facts = {"term": "P1Y", "billing_plan": "annual", "unit_price": "120.00"}
FIRST, SECOND = numbered(1), numbered(2)
REASON = "wrong price"


def monthly() -> ACustomer:
    """A customer with an invoice of 30.00 a month, from January on; the first is due on April the 2nd."""
    return ACustomer(offer={"term": "P1M", "billing_plan": "monthly", "unit_price": "10.00"}).until("2026-03-01")


def noted(customer: ACustomer, at: str, amount: str, credit_id: str = "c-1", **fields: object) -> Answer:
    """A credit note."""
    return customer.request(
        at, "credit_note", **{"credit_id": credit_id, "currency": "USD", "amount": amount, "reason": REASON, **fields}
    )


def reversed_(customer: ACustomer, at: str, payment_id: str = "p-1") -> Answer:
    """A payment that is taken back."""
    return customer.request(at, "reverse_payment", payment_id=payment_id, reason="charge-back")


def owed(customer: ACustomer) -> dict[str, str]:
    """What is owed on each unpaid invoice."""
    return {each.invoice[-1]: f"{each.state} {each.owed:f}" for each in customer.account.receivables}


def credit(customer: ACustomer) -> str:
    """The credit in dollars."""
    return f"{customer.account.credit_in('USD'):f}"


def test_mon_10_a_note_for_an_invoice_takes_off_what_is_owed_on_it_first() -> None:
    customer = monthly()
    answer = noted(customer, "2026-03-02", "20.00", invoice=SECOND)
    assert (paid(answer), answer.effective_at) == ("done MON-10", instant("2026-03-02"))
    assert owed(customer) == {"1": "issued 30.00", "2": "issued 10.00"}
    event = customer.journal[-1]
    assert (event.event, event.correction, event.details) == ("credit_note_issued", "c-1", REASON)
    assert [document.head.totals.due for document in customer.documents] == [Decimal("30.00")] * 2
    standing = standing_of(customer.documents[1].head, customer.journal)
    assert [(each.credit_id, each.amount) for each in standing.credit_notes] == [("c-1", Decimal("20.00"))]


def test_mon_10_its_rest_settles_the_others_and_then_is_credit() -> None:
    customer = monthly()
    customer.pay("2026-03-02", "25.00", invoice=SECOND)
    customer.pay("2026-03-02", "22.00", "p-2", invoice=FIRST)
    answer = noted(customer, "2026-03-03", "20.00", invoice=SECOND)
    assert (owed(customer), credit(customer)) == ({}, "7.00")
    assert answer.credit == Money(amount=Decimal("7.00"), currency="USD")
    first, second = (standing_of(each.head, customer.journal) for each in customer.documents)
    assert (first.settled, first.credited, second.settled, second.credited) == (
        Decimal(8),
        Decimal(0),
        Decimal(0),
        Decimal(5),
    )


def test_mon_10_a_free_note_settles_what_is_due_first() -> None:
    customer = monthly()
    noted(customer, "2026-03-02", "40.00")
    assert (owed(customer), credit(customer)) == ({"2": "issued 20.00"}, "0.00")


@pytest.mark.parametrize(("amount", "wanted"), [("30.00", "done MON-10"), ("30.01", "refused MON-10")])
def test_mon_10_a_note_is_never_larger_than_what_it_corrects(amount: str, wanted: str) -> None:
    customer = monthly()
    assert paid(noted(customer, "2026-03-02", amount, invoice=FIRST)) == wanted


def test_mon_10_several_notes_together_are_not_larger_either_though_it_is_paid() -> None:
    customer = monthly()
    noted(customer, "2026-03-02", "20.00", invoice=FIRST)
    customer.pay("2026-03-03", "10.00")
    answer = noted(customer, "2026-03-04", "10.01", "c-2", invoice=FIRST)
    assert paid(answer) == "refused MON-10"
    assert "takes at most USD 10.00" in answer.message
    assert paid(noted(customer, "2026-03-04", "10.00", "c-3", invoice=FIRST)) == "done MON-10"
    assert (owed(customer), credit(customer)) == ({"2": "issued 20.00"}, "0.00")


def test_mon_7_a_note_counts_once_and_its_id_is_of_one_note() -> None:
    customer = monthly()
    noted(customer, "2026-03-02", "20.00", invoice=FIRST)
    before = customer.account
    assert paid(noted(customer, "2026-03-03", "20.00", invoice=FIRST)) == "unchanged MON-7"
    assert paid(noted(customer, "2026-03-03", "20.00")) == "refused MON-7"
    assert paid(noted(customer, "2026-03-03", "20.01", invoice=FIRST)) == "refused MON-7"
    assert customer.account == before


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"invoice": numbered(9)}, "is not an invoice of"),
        ({"currency": "EUR"}, "is invoiced in USD, the credit note is in EUR."),
        ({"currency": "EUR", "invoice": FIRST}, "is in USD, the credit note in EUR."),
    ],
)
def test_mon_10_never_across_currencies_and_never_for_an_unknown_invoice(fields: Facts, words: str) -> None:
    customer = monthly()
    asked = {"credit_id": "c-1", "currency": "USD", "amount": "1.00", "reason": REASON, **fields}
    answer = customer.request("2026-03-02", "credit_note", **asked)
    assert paid(answer) == "refused MON-10"
    assert words in answer.message


def test_mon_10_what_is_covered_lifts_the_hold() -> None:
    customer = ACustomer(offer=YEAR).until("2026-05-02")
    assert customer.state() == "suspended"
    noted(customer, "2026-05-03", "360.00", invoice=FIRST)
    assert customer.state() == "active"


def test_mon_10_what_is_written_off_is_paid_and_holds_nothing() -> None:
    customer = ACustomer(offer=YEAR).until("2026-05-02")
    customer.pay("2026-05-03", "100.00")
    answer = customer.request("2026-05-04", "write_off", invoice=FIRST, reason="insolvent")
    assert paid(answer) == "done MON-10"
    assert (customer.state(), owed(customer)) == ("active", {})
    standing = standing_of(customer.documents[0].head, customer.journal)
    assert (standing.state, standing.written_off, standing.paid) == ("paid", Decimal(260), Decimal(100))
    again = customer.request("2026-05-05", "write_off", invoice=FIRST, reason="insolvent")
    assert paid(again) == "unchanged MON-7"


def test_mon_10_what_is_paid_or_unknown_is_not_written_off() -> None:
    customer = monthly()
    customer.pay("2026-03-02", "30.00")
    for invoice in (FIRST, numbered(9)):
        answer = customer.request("2026-03-03", "write_off", invoice=invoice, reason="insolvent")
        assert paid(answer) == "refused MON-10"


def refunded(customer: ACustomer, at: str, amount: str, refund_id: str = "r-1") -> Answer:
    """Credit that is to be paid out."""
    return customer.request(at, "refund", refund_id=refund_id, currency="USD", amount=amount, reason="asked for it")


def test_mon_10_a_refund_takes_credit_once_and_no_more_than_there_is() -> None:
    customer = monthly()
    noted(customer, "2026-03-02", "100.00")
    assert paid(refunded(customer, "2026-03-03", "40.01")) == "refused MON-10"
    assert paid(refunded(customer, "2026-03-03", "25.00")) == "done MON-10"
    assert credit(customer) == "15.00"
    assert paid(refunded(customer, "2026-03-04", "25.00")) == "unchanged MON-7"
    assert paid(refunded(customer, "2026-03-04", "5.00")) == "refused MON-7"
    assert paid(customer.request("2026-03-05", "refund_paid", refund_id="r-1")) == "done MON-10"
    assert paid(customer.request("2026-03-05", "refund_paid", refund_id="r-1")) == "unchanged MON-7"
    assert paid(customer.request("2026-03-05", "refund_paid", refund_id="r-2")) == "refused MON-10"
    assert credit(customer) == "15.00"
    customer.until("2026-04-01")
    assert customer.documents[-1].head.totals.due == Decimal("15.00")


def test_mon_10_a_payment_taken_back_is_owed_again_as_of_the_due_date() -> None:
    """Paid between the first reminder and the second; taken back after the third. The hold comes on its date."""
    customer = monthly().until("2026-04-03")
    customer.pay("2026-04-05", "30.00")
    assert paid(reversed_(customer, "2026-04-20")) == "done MON-10"
    assert owed(customer)["1"] == "overdue 30.00"
    reminders = [event for event in customer.journal if event.event is AccountEventName.REMINDED]
    assert [(event.invoice, event.at) for event in reminders] == [(FIRST, instant("2026-04-03"))]
    customer.until(instant("2026-05-02") - TICK)
    assert customer.state() == "active"
    assert customer.until("2026-05-02").state() == "suspended"
    assert [event.invoice for event in customer.journal if event.event is AccountEventName.REMINDED].count(FIRST) == 1


def test_mon_10_taken_back_past_the_date_of_its_hold_it_is_held_at_once() -> None:
    customer = ACustomer(offer=YEAR).until("2026-02-01")
    customer.pay("2026-02-05", "360.00")
    reversed_(customer, "2026-06-01T10:00:00Z")
    assert customer.events[-3:] == [
        "payment_reversed -@2026-06-01T10:00:00Z",
        "invoice_overdue 1@2026-06-01T10:00:00Z",
        "suspended_for_nonpayment 1@2026-06-01T10:00:00Z",
    ]
    assert customer.state() == "suspended"
    customer.pay("2026-06-02", "360.00", "p-2")
    assert customer.state() == "active"


def test_mon_10_taken_back_before_it_is_due_it_is_just_owed() -> None:
    customer = monthly()
    customer.pay("2026-03-02", "30.00")
    reversed_(customer, "2026-03-05")
    assert owed(customer) == {"1": "issued 30.00", "2": "issued 30.00"}


def test_mon_10_what_had_become_credit_is_taken_back_too() -> None:
    customer = monthly()
    customer.pay("2026-03-02", "75.00")
    assert (owed(customer), credit(customer)) == ({}, "15.00")
    reversed_(customer, "2026-03-05")
    assert (owed(customer), credit(customer)) == ({"1": "issued 30.00", "2": "issued 30.00"}, "0.00")


def test_mon_10_credit_never_falls_below_zero() -> None:
    """The surplus has paid a part of the next invoice, which is never altered."""
    customer = monthly()
    customer.pay("2026-03-02", "75.00")
    customer.until("2026-04-01")
    answer = reversed_(customer, "2026-04-02")
    assert paid(answer) == "refused MON-10"
    assert "USD 15.00 of payment p-1 became credit, and USD 0.00 of it is left" in answer.message


def test_mon_8_what_is_owed_again_is_settled_by_the_credit_there_is() -> None:
    customer = monthly()
    customer.pay("2026-03-02", "60.00")
    noted(customer, "2026-03-03", "40.00")
    assert (owed(customer), credit(customer)) == ({}, "40.00")
    answer = reversed_(customer, "2026-03-04")
    assert (paid(answer), owed(customer), credit(customer)) == ("done MON-10", {"2": "issued 20.00"}, "0.00")
    assert customer.names[-3:] == ["payment_reversed", "invoice_settled", "invoice_settled"]


def test_mon_7_a_payment_is_taken_back_once_and_stays_known() -> None:
    customer = monthly()
    customer.pay("2026-03-02", "30.00")
    reversed_(customer, "2026-03-03")
    before = customer.account
    assert paid(reversed_(customer, "2026-03-04")) == "unchanged MON-7"
    assert paid(reversed_(customer, "2026-03-04", "p-9")) == "refused MON-10"
    assert paid(customer.pay("2026-03-04", "30.00")) == "unchanged MON-7"
    assert customer.account == before


def test_mon_10_an_invoice_paid_twice_over_is_taken_back_part_by_part() -> None:
    customer = monthly()
    customer.pay("2026-03-02", "10.00", "p-1", invoice=FIRST)
    customer.pay("2026-03-02", "20.00", "p-2", invoice=FIRST)
    reversed_(customer, "2026-03-03", "p-1")
    assert owed(customer)["1"] == "issued 10.00"
    reversed_(customer, "2026-03-04", "p-2")
    assert owed(customer)["1"] == "issued 30.00"
    customer.pay("2026-03-05", "30.00", "p-3", invoice=FIRST)
    assert "1" not in owed(customer)
    standing = standing_of(customer.documents[0].head, customer.journal)
    assert [each.reversed_at is None for each in standing.payments] == [False, False, True]


BY: dict[str, tuple[str, Facts]] = {
    "credit_note": ("admin_agent", {"credit_id": "c-1", "currency": "USD", "amount": "1.00", "reason": "x"}),
    "write_off": ("admin_agent", {"invoice": FIRST, "reason": "x"}),
    "refund": ("admin_agent", {"refund_id": "r-1", "currency": "USD", "amount": "1.00", "reason": "x"}),
    "refund_paid": ("service", {"refund_id": "r-1"}),
    "reverse_payment": ("service", {"payment_id": "p-1", "reason": "x"}),
}


@pytest.mark.parametrize("do", BY)
def test_rol_4_a_service_tells_of_money_that_moved_and_corrects_nothing(do: str) -> None:
    default, fields = BY[do]
    answer = monthly().request("2026-03-02", do, **{"by": "service", **fields})
    assert answer.rule == ("MON-10" if default == "service" else "ROL-4")
    assert monthly().request("2026-03-02", do, **{"by": "publisher", **fields}).rule == "ROL-4"


def test_what_the_books_said_before_another_correction_counts_no_more() -> None:
    """Nor what they said of another request; the books are asked again."""
    customer = monthly()
    first, second = (credit_note(f"c-{number}", "30.00") for number in (1, 2))
    book, opened = customer.simulator.book, terms_of("csp-2019")
    told = customer.simulator.life.model_copy(update={"recalled": book.recalled(second, opened)})
    assert (told.lacks(second), told.lacks(first)) == (False, True)
    noted(customer, "2026-03-02", "30.00", invoice=FIRST)
    later = customer.simulator.life
    assert later.recalled is None
    with pytest.raises(Closing):
        AccountSteps().accept(later.model_copy(update={"recalled": told.recalled}), second, instant("2026-03-03"))


def test_a_payment_that_the_books_do_not_have_yet_is_not_unknown() -> None:
    customer = monthly()
    request = a_request("reverse_payment", payment_id="p-1", reason="charge-back")
    before = customer.simulator.book.recalled(request, terms_of("csp-2019"))
    customer.pay("2026-03-02", "30.00")
    assert customer.simulator.life.model_copy(update={"recalled": before}).lacks(request)


def test_an_invoice_that_is_paid_and_not_recorded_yet_is_looked_up_again() -> None:
    customer = monthly()
    request = a_request("write_off", invoice=FIRST, reason="insolvent")
    before = customer.simulator.book.recalled(request, terms_of("csp-2019"))
    customer.pay("2026-03-02", "30.00")
    assert customer.simulator.life.model_copy(update={"recalled": before}).lacks(request)


def credit_note(credit_id: str, amount: str) -> AnyAccountRequest:
    """For the first invoice."""
    fields = {"credit_id": credit_id, "currency": "USD", "amount": amount, "reason": REASON, "invoice": FIRST}
    return a_request("credit_note", **fields)
