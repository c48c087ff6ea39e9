"""Payments, received and failed (MON-6, MON-7, ROL-1)."""

import pytest

from domain.account.invoice import InvoiceState
from domain.roles import RolePreset
from statemachines.account.payments import PAYMENTS_KEPT
from tests.support.simulated.customer import ACustomer, numbered, paid
from tests.support.simulated.life import Facts

FEB = "2026-02-10"
YEAR: Facts = {"term": "P1Y", "billing_plan": "annual", "unit_price": "120.00"}


def owing(months: int = 1) -> ACustomer:
    """A customer with so many unpaid invoices of 30.00."""
    customer = ACustomer().until(f"2026-{months + 1:02}-01T12:00:00Z")
    assert customer.unpaid == [f"{number} issued 30.00" for number in range(1, months + 1)]
    return customer


def refused(customer: ACustomer, at: str, do: str, rule: str = "MON-6", **fields: object) -> str:
    """The message of a request that is refused and changes nothing."""
    customer.until(at)
    before, events = customer.simulator.life, list(customer.journal)
    answer = customer.request(at, do, **fields)
    assert paid(answer) == f"refused {rule}"
    assert answer.effective_at is None
    assert customer.simulator.life == before
    assert customer.journal == events
    return answer.message


def test_mon_6_a_whole_payment() -> None:
    customer = owing()
    answer = customer.pay(FEB, "30.00")
    assert paid(answer) == "done MON-6"
    assert answer.message == f"USD 30.00 received. {numbered(1)} is paid."
    assert (customer.unpaid, customer.credit) == ([], {})
    event = customer.journal[-1]
    assert [f"{a.invoice} {a.amount} {a.state}" for a in event.allocations] == [f"{numbered(1)} 30.00 paid"]
    assert (f"{event.amount:f}", f"{event.credited:f}", event.payment_id) == ("30.00", "0.00", "p-1")
    assert not event.lifts, "nothing was held"
    assert (answer.seq, answer.at, answer.effective_at) == (event.seq, event.at, event.at)


def test_mon_6_partial_payments() -> None:
    customer = owing()
    assert customer.pay(FEB, "10.00").message == f"USD 10.00 received. USD 20.00 is still owed on {numbered(1)}."
    assert customer.unpaid == ["1 issued 20.00"]
    customer.pay(FEB, "19.99", payment_id="p-2")
    assert customer.unpaid == ["1 issued 0.01"]
    customer.pay(FEB, "0.01", payment_id="p-3")
    assert customer.unpaid == []
    assert [event.allocations[0].state for event in customer.journal[-3:]] == ["issued", "issued", "paid"]


def test_mon_6_what_is_paid_over_is_credit_for_the_next_invoice() -> None:
    customer = owing()
    answer = customer.pay(FEB, "45.00")
    assert paid(answer) == "done MON-6 credit 15.00"
    assert "USD 15.00 is kept as credit for the next invoice." in answer.message
    assert customer.credit == {"USD": "15.00"}
    assert customer.until("2026-03-01").invoices[1] == "2 26-02 30.00-0.00 +15.00 15.00 >0.00"


def test_mon_6_money_before_any_invoice_is_credit() -> None:
    customer = ACustomer()
    assert paid(customer.pay("2026-01-20", "100.00")) == "done MON-6 credit 100.00"
    assert customer.until("2026-02-01").invoices == ["1 26-01 30.00-0.00 +100.00 0.00 >70.00"]
    assert customer.names == ["payment_received", "invoice_carried"]


def test_mon_6_credit_adds_up() -> None:
    customer = owing()
    customer.pay(FEB, "45.00")
    customer.pay(FEB, "5.00", payment_id="p-2")
    assert customer.credit == {"USD": "20.00"}


def test_mon_6_the_oldest_is_paid_first() -> None:
    customer = owing(3)
    answer = customer.pay("2026-04-01T12:00:00Z", "70.00")
    assert answer.message == (
        f"USD 70.00 received. {numbered(1)} is paid. {numbered(2)} is paid. USD 20.00 is still owed on {numbered(3)}."
    )
    assert customer.unpaid == ["3 issued 20.00"]
    assert [f"{a.amount:f}" for a in customer.journal[-1].allocations] == ["30.00", "30.00", "10.00"]


def test_mon_5_a_named_invoice_is_paid_first_and_what_is_too_much_pays_the_others() -> None:
    """Only the rest is credit: none stands beside something due."""
    customer = owing(3)
    answer = customer.pay("2026-04-10", "35.00", invoice=numbered(2))
    assert paid(answer) == "done MON-6"
    assert answer.message.endswith(f"{numbered(2)} is paid. USD 25.00 is still owed on {numbered(1)}.")
    assert customer.unpaid == ["1 overdue 25.00", "3 issued 30.00"]
    assert customer.journal[-1].invoice == numbered(2)
    assert [f"{a.invoice} {a.amount}" for a in customer.journal[-1].allocations] == [
        f"{numbered(2)} 30.00",
        f"{numbered(1)} 5.00",
    ]
    answer = customer.pay("2026-04-11", "60.00", payment_id="p-2", invoice=numbered(3))
    assert paid(answer) == "done MON-6 credit 5.00"
    assert (customer.unpaid, customer.credit) == ([], {"USD": "5.00"})


def test_mon_6_a_named_invoice_is_paid_alone_where_it_takes_all() -> None:
    customer = owing(2)
    customer.pay("2026-03-10", "30.00", invoice=numbered(2))
    assert customer.unpaid == ["1 issued 30.00"]


def test_mon_1_an_amount_has_exactly_the_currencys_decimals() -> None:
    """However it is written: 1.500 dollars are 1.50, and 30 are 30.00."""
    customer = owing()
    assert customer.pay(FEB, "1.500").message.startswith("USD 1.50 received. ")
    assert customer.unpaid == ["1 issued 28.50"]
    assert customer.pay(FEB, 30, payment_id="p-2").message.startswith("USD 30.00 received. ")
    assert customer.credit == {"USD": "1.50"}
    assert {f"{event.amount:f}" for event in customer.journal} == {"30.00", "1.50"}
    assert paid(customer.pay(FEB, "1.5")) == "unchanged MON-7"


def test_mon_6_a_payment_without_a_currencys_decimals() -> None:
    customer = ACustomer(offer={"currency": "JPY", "unit_price": 500}).until("2026-02-05")
    customer.pay(FEB, "1000.00", currency="JPY")
    assert customer.unpaid == ["1 issued 500"]


@pytest.mark.parametrize("invoice", [numbered(7), "contoso-000001", "x"])
def test_mon_6_an_unknown_invoice_is_refused_and_the_unpaid_ones_are_named(invoice: str) -> None:
    customer = owing(2)
    words = refused(customer, "2026-03-10", "pay", amount="30.00", invoice=invoice)
    assert words == (f"{invoice} is not an unpaid invoice of fabrikam. Unpaid now: {numbered(1)}, {numbered(2)}.")


def test_mon_6_a_paid_invoice_is_refused() -> None:
    customer = owing()
    customer.pay(FEB, "30.00")
    words = refused(customer, FEB, "pay", amount="30.00", payment_id="p-2", invoice=numbered(1))
    assert words == f"{numbered(1)} is not an unpaid invoice of fabrikam. Nothing is unpaid."


def test_mon_6_a_carried_invoice_is_refused() -> None:
    customer = ACustomer()
    customer.pay("2026-01-20", "100.00")
    refused(customer, FEB, "pay", amount="30.00", payment_id="p-2", invoice=numbered(1))


def test_mon_6_another_currency_is_refused() -> None:
    customer = owing()
    words = refused(customer, FEB, "pay", amount="30.00", currency="EUR")
    assert words == "fabrikam is invoiced in USD, the payment is in EUR."
    words = refused(customer, FEB, "pay", amount="30.00", currency="EUR", invoice=numbered(1))
    assert words == f"{numbered(1)} is in USD, the payment in EUR."


def test_mon_7_the_same_payment_again_changes_nothing() -> None:
    """Also much later, and told by someone else; also where it was the last of its invoice."""
    customer = owing()
    first = customer.pay(FEB, "30.00")
    for at, fields in (
        (FEB, {}),
        ("2026-05-10", {}),
        ("2026-05-10", {"by": "billing_admin"}),
        ("2026-05-10", {"invoice": numbered(1)}),
    ):
        customer.until(at)
        before = customer.account
        again = customer.pay(at, "30.00", **fields)
        assert paid(again) == "unchanged MON-7"
        assert again.effective_at is None
        assert customer.account == before
    assert paid(first) == "done MON-6"
    assert customer.names.count("payment_received") == 1


@pytest.mark.parametrize(
    ("fields", "came"),
    [
        ({"amount": "30.01"}, "USD 30.01"),
        ({"amount": "29.99"}, "USD 29.99"),
        ({"amount": 30, "currency": "EUR"}, "EUR 30.00"),
    ],
)
def test_mon_7_its_id_with_another_amount_is_refused_and_both_are_named(fields: Facts, came: str) -> None:
    customer = owing()
    customer.pay(FEB, "30.00")
    words = refused(customer, "2026-03-10", "pay", rule="MON-7", **fields)
    assert (
        words == f"Payment p-1 of {came} is already recorded with USD 30.00; use a new payment_id for another payment."
    )


def test_mon_7_a_refused_payment_can_come_again() -> None:
    customer = owing()
    refused(customer, FEB, "pay", amount="30.00", invoice=numbered(9))
    assert paid(customer.pay(FEB, "30.00")) == "done MON-6"


def test_mon_7_an_account_remembers_payments_that_are_long_past() -> None:
    """The last ones whole, those before them by their traces: a repeat is told, and another amount too."""
    customer = ACustomer(buys=False)
    for number in range(PAYMENTS_KEPT + 2):
        customer.pay("2026-01-20", "0.01", payment_id=f"p-{number}")
    account = customer.account
    assert (len(account.payments), len(account.older_payments)) == (PAYMENTS_KEPT, 2)
    for past in ("p-0", "p-1", "p-2"):
        assert paid(customer.pay("2026-01-20", "0.01", payment_id=past)) == "unchanged MON-7"
        again = customer.pay("2026-01-20", "0.02", payment_id=past)
        assert (again.outcome, again.rule) == ("refused", "MON-7")
        assert again.message.startswith(f"Payment {past} of USD 0.02 is already recorded with USD 0.01;")
    assert customer.credit == {"USD": f"{(PAYMENTS_KEPT + 2) / 100:.2f}"}
    assert paid(customer.pay("2026-01-20", "0.02", payment_id="p-new")) != "unchanged MON-7"


def test_mon_6_a_failed_payment_is_noted_and_changes_no_date_and_no_state() -> None:
    customer = owing(2)
    receivables, timeline = customer.account.receivables, customer.timeline
    answer = customer.request("2026-03-10", "fail_payment", payment_id="p-1", reason="card expired")
    assert paid(answer) == "done MON-6"
    assert answer.message == f"Recorded. {numbered(1)} is still unpaid; USD 30.00 is owed."
    assert (customer.account.receivables, customer.timeline) == (receivables, timeline)
    event = customer.journal[-1]
    assert (event.event, event.invoice, event.state) == ("payment_failed", numbered(1), InvoiceState.ISSUED)
    assert (event.payment_id, event.details, f"{event.amount:f}") == ("p-1", "card expired", "30.00")


def test_mon_6_a_failed_payment_of_a_named_or_overdue_invoice() -> None:
    customer = owing(2)
    customer.request("2026-03-10", "fail_payment", invoice=numbered(2))
    assert customer.journal[-1].invoice == numbered(2)
    customer.request("2026-04-05", "fail_payment")
    assert (customer.journal[-1].invoice, customer.journal[-1].state) == (numbered(1), InvoiceState.OVERDUE)


def test_mon_7_a_failed_payment_told_again_changes_nothing() -> None:
    customer = owing()
    customer.request(FEB, "fail_payment", payment_id="p-1")
    assert paid(customer.request("2026-02-11", "fail_payment", payment_id="p-1")) == "unchanged MON-7"
    assert customer.names.count("payment_failed") == 1


def test_mon_6_failures_without_an_id_are_each_noted() -> None:
    customer = owing()
    for _ in range(2):
        assert paid(customer.request(FEB, "fail_payment")) == "done MON-6"
    assert customer.names.count("payment_failed") == 2


def test_mon_6_a_payment_that_was_received_cannot_have_failed() -> None:
    customer = owing()
    customer.pay(FEB, "10.00")
    words = refused(customer, FEB, "fail_payment", payment_id="p-1")
    assert words == "Payment p-1 was received, so it cannot have failed."


def test_mon_6_a_payment_that_failed_can_be_received_later_and_then_not_fail() -> None:
    customer = owing()
    customer.request(FEB, "fail_payment", payment_id="p-1")
    assert paid(customer.pay("2026-02-11", "30.00")) == "done MON-6"
    assert paid(customer.pay("2026-02-11", "30.00")) == "unchanged MON-7"
    refused(customer, "2026-02-12", "fail_payment", payment_id="p-1")
    assert len(customer.account.payments) == 1


def test_mon_6_where_nothing_is_unpaid_nothing_can_have_failed() -> None:
    customer = ACustomer()
    assert refused(customer, "2026-01-20", "fail_payment") == "fabrikam has no unpaid invoice."
    words = refused(customer, "2026-01-20", "fail_payment", invoice=numbered(1))
    assert words == f"{numbered(1)} is not an unpaid invoice of fabrikam. Nothing is unpaid."


@pytest.mark.parametrize("do", ["pay", "fail_payment"])
@pytest.mark.parametrize(("by", "rule"), [("publisher", "ROL-4"), ("system", "ROL-4"), ("janitor", "ROL-1")])
def test_rol_4_who_may_not_is_refused_before_anything_else(do: str, by: str, rule: str) -> None:
    customer = owing()
    customer.pay(FEB, "10.00")
    amount = {"amount": "10.00"} if do == "pay" else {"payment_id": "p-1"}
    refused(customer, FEB, do, rule=rule, by=by, **amount)


@pytest.mark.parametrize(("by", "may"), [("billing_admin", True), ("service", True), ("sales_agent", False)])
def test_rol_1_under_the_strict_preset(by: str, may: bool) -> None:
    customer = owing()
    life = customer.simulator.life
    strict = life.account.model_copy(update={"roles": RolePreset.STRICT})
    customer.simulator.life = life.model_copy(update={"account": strict})
    assert paid(customer.pay(FEB, "30.00", by=by)) == ("done MON-6" if may else "refused ROL-1")
