"""The month's invoices: what goes on which, what is due, what is carried over (MON-5, CXL-5, invariant 14)."""

from datetime import timedelta

import pytest

from tests.support.instants import DAY, TICK, instant
from tests.support.simulated.customer import ACustomer
from tests.support.simulated.life import Facts

YEAR: Facts = {"term": "P1Y", "billing_plan": "annual", "unit_price": "120.00"}
USAGE: Facts = {"billing_type": "usage", "unit_price": "0.25"}
YEN: Facts = {"currency": "JPY", "unit_price": 500}
CLOSE = instant("2026-02-01")


def lines(customer: ACustomer, number: int) -> list[str]:
    """`subscription kind amount@date` of each line of the numbered invoice."""
    return [
        f"{line.subscription_id} {line.row.kind} {line.row.amount:f}@{line.row.at:%y-%m-%d}"
        for line in customer.documents[number - 1].lines
    ]


@pytest.mark.parametrize(("beside", "months"), [(-TICK, ["26-01"]), (0 * TICK, []), (TICK, [])])
def test_tim_1_a_charge_dated_exactly_at_the_close_goes_on_the_next_invoice(
    beside: timedelta, months: list[str]
) -> None:
    customer = ACustomer(buys=False)
    customer.buy("s-1", YEAR, CLOSE + beside)
    assert [f"{invoice.head.month.start:%y-%m}" for invoice in customer.until(CLOSE).documents] == months
    customer.until("2026-03-01")
    (invoice,) = customer.documents
    assert len(invoice.lines) == 1
    assert f"{invoice.head.month.start:%y-%m}" == (months or ["26-02"])[0]


def test_tim_1_a_renewal_at_the_close_itself_goes_on_the_next_invoice() -> None:
    customer = ACustomer(opened="2026-02-01").until("2026-03-01")
    assert lines(customer, 1) == ["s-1 charge 30.00@26-02-01"]
    customer.until("2026-04-01")
    assert lines(customer, 2) == ["s-1 charge 30.00@26-03-01"]


def test_mon_5_the_month_is_closed_at_its_end_and_not_before() -> None:
    customer = ACustomer().until(CLOSE - TICK)
    assert customer.documents == []
    assert customer.until(CLOSE).events == ["invoice_issued 1@2026-02-01T00:00:00Z"]
    head = customer.documents[0].head
    assert head.issued_at == CLOSE == head.month.end
    assert head.month.start == instant("2026-01-15T09:00:00Z"), "the first month begins with the account"


def test_mon_5_a_row_that_is_written_late_goes_on_the_next_invoice() -> None:
    """Its month was closed before its subscription told of it."""
    customer = ACustomer().until("2026-02-10")
    customer.buy("s-2", at="2026-01-20")
    customer.until("2026-03-01")
    assert lines(customer, 1) == ["s-1 charge 30.00@26-01-15"]
    assert lines(customer, 2) == [
        "s-2 charge 30.00@26-01-20",
        "s-1 charge 30.00@26-02-15",
        "s-2 charge 30.00@26-02-20",
    ]


def test_mon_5_all_subscriptions_of_a_customer_are_on_one_invoice() -> None:
    customer = ACustomer()
    customer.buy("s-2", USAGE, "2026-01-16")
    customer.ask("2026-01-17", "report_usage", "s-2", units=100)
    customer.buy("s-3", YEAR, "2026-02-03")
    customer.until("2026-03-01")
    assert customer.invoices == ["1 26-01 30.00-0.00 +0.00 30.00 >0.00", "2 26-02 415.00-0.00 +0.00 415.00 >0.00"]
    assert lines(customer, 2) == [
        "s-3 charge 360.00@26-02-03",
        "s-1 charge 30.00@26-02-15",
        "s-2 charge 25.00@26-02-16",
    ]


def test_cxl_5_the_credit_of_a_cancellation_stands_on_the_next_invoice() -> None:
    customer = ACustomer(offer=YEAR, opened="2026-01-25")
    customer.ask("2026-02-03", "cancel")
    customer.until("2026-03-01")
    assert customer.invoices == ["1 26-01 360.00-0.00 +0.00 360.00 >0.00", "2 26-02 0.00-360.00 +0.00 0.00 >0.00"]
    assert customer.names == ["invoice_issued", "invoice_carried", "invoice_settled"]
    assert (customer.credit, customer.unpaid) == ({}, [])


def test_cxl_5_charge_and_credit_in_one_month_come_to_nothing() -> None:
    customer = ACustomer()
    customer.ask("2026-01-15T10:00:00Z", "cancel")
    customer.until("2026-12-31")
    assert customer.invoices == ["1 26-01 30.00-30.00 +0.00 0.00 >0.00"]
    assert customer.names == ["invoice_carried"]
    assert (customer.credit, customer.unpaid) == ({}, [])


def test_mon_5_a_credit_larger_than_the_charges_carries_over() -> None:
    """360 are credited; 100 a month take them up: 260, 160, 60, and then 40 are due."""
    customer = ACustomer(offer=YEAR, opened="2026-01-25")
    customer.ask("2026-02-03", "cancel")
    customer.pay("2026-02-04", "360.00")
    customer.buy("s-2", {"unit_price": "100.00"}, "2026-03-05", quantity=1)
    customer.until("2026-07-01")
    assert customer.invoices[2:] == [
        "3 26-03 100.00-0.00 +360.00 0.00 >260.00",
        "4 26-04 100.00-0.00 +260.00 0.00 >160.00",
        "5 26-05 100.00-0.00 +160.00 0.00 >60.00",
        "6 26-06 100.00-0.00 +60.00 40.00 >0.00",
    ]
    assert customer.names[2:] == ["invoice_carried"] * 4 + ["invoice_issued"]
    assert (customer.credit, customer.unpaid) == ({}, ["6 issued 40.00"])


def test_mon_5_credit_of_the_month_and_from_before_pay_together() -> None:
    """15.00 are credited, 10.00 were kept: of 45.00 20.00 are due."""
    customer = ACustomer(opened="2026-01-05")
    customer.pay("2026-02-02", "40.00")
    half: Facts = {"term": "P1Y", "unit_price": "15.00"}
    customer.buy("s-2", half, "2026-02-03T00:00:00Z", quantity=1)
    customer.ask("2026-02-03T01:00:00Z", "cancel", "s-2")
    assert customer.until("2026-03-01").invoices[1] == "2 26-02 45.00-15.00 +10.00 20.00 >0.00"


def test_mon_5_a_quiet_month_has_no_invoice_and_numbers_have_no_gaps() -> None:
    customer = ACustomer(offer=YEAR)
    customer.pay("2026-02-02", "360.00")
    customer.until("2027-02-01")
    assert customer.invoices == ["1 26-01 360.00-0.00 +0.00 360.00 >0.00", "2 27-01 360.00-0.00 +0.00 360.00 >0.00"]
    assert customer.account.month.start == instant("2027-02-01")


def test_mon_5_a_quiet_month_leaves_the_credit_where_it_is() -> None:
    customer = ACustomer(offer=YEAR)
    customer.pay("2026-02-02", "400.00")
    assert customer.until("2027-01-01").credit == {"USD": "40.00"}
    assert customer.until("2027-02-01").invoices[1] == "2 27-01 360.00-0.00 +40.00 320.00 >0.00"


def test_mon_5_a_customer_without_subscriptions_has_no_invoice() -> None:
    customer = ACustomer(buys=False).until("2030-01-01")
    assert (customer.documents, customer.journal) == ([], [])
    assert customer.account.month.start == instant("2030-01-01")


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        ("2026-01-15", "2026-04-02T00:00:00Z"),
        ("2026-12-31T23:59:59.999999Z", "2027-03-02T00:00:00Z"),
        ("2023-12-15", "2024-03-01T00:00:00Z"),
        ("2024-02-29", "2024-04-30T00:00:00Z"),
    ],
)
def test_section_11_due_sixty_days_after_the_months_end(opened: str, due: str) -> None:
    customer = ACustomer(opened=opened, offer=YEAR)
    customer.until(instant(due) - TICK)
    assert [invoice.head.due_at for invoice in customer.documents] == [instant(due)]
    assert customer.names == ["invoice_issued"]
    assert customer.until(due).names == ["invoice_issued", "invoice_overdue"]
    assert customer.documents[0].head.due_at - customer.documents[0].head.issued_at == 60 * DAY


def test_lif_4_at_one_instant_an_invoice_falls_due_before_the_month_is_closed() -> None:
    """December's of 2023 is due at the end of a leap February."""
    customer = ACustomer(opened="2023-12-15").until("2024-03-01")
    assert customer.events[-2:] == ["invoice_overdue 1@2024-03-01T00:00:00Z", "invoice_issued 3@2024-03-01T00:00:00Z"]


def test_invariant_8_events_are_numbered_without_gaps_and_say_who_and_why() -> None:
    customer = ACustomer().until("2026-07-01")
    customer.pay("2026-07-02", "45.00", actor="bank-feed")
    assert [event.seq for event in customer.journal] == list(range(1, len(customer.journal) + 1))
    assert {(e.by, e.rule) for e in customer.journal if e.event.value.startswith("invoice_issued")} == {
        ("system", "MON-5")
    }
    last = customer.journal[-1]
    assert (last.by, last.actor, last.rule) == ("service", "bank-feed", "MON-6")
    assert customer.simulator.life.committed == customer.account.seq == last.seq


def two_currencies() -> ACustomer:
    """A customer that pays dollars and yen."""
    customer = ACustomer()
    customer.buy("s-2", YEN, "2026-01-16")
    return customer


def test_mon_5_each_currency_has_an_invoice_of_its_own() -> None:
    customer = two_currencies().until("2026-03-01")
    assert customer.invoices == [
        "1 26-01 1500-0 +0 1500 >0",
        "2 26-01 30.00-0.00 +0.00 30.00 >0.00",
        "3 26-02 1500-0 +0 1500 >0",
        "4 26-02 30.00-0.00 +0.00 30.00 >0.00",
    ]
    assert customer.account.currencies == ("JPY", "USD")


def test_mon_6_a_payment_pays_its_own_currency_alone() -> None:
    customer = two_currencies()
    answer = customer.pay("2026-02-10", 2000, currency="JPY")
    assert f"{answer.credit}" == "JPY 500"
    assert customer.unpaid == ["2 issued 30.00"]
    assert customer.credit == {"JPY": "500"}
    assert customer.until("2026-03-01").invoices[2:] == [
        "3 26-02 1500-0 +500 1000 >0",
        "4 26-02 30.00-0.00 +0.00 30.00 >0.00",
    ]


def test_cxl_5_a_credit_in_one_currency_takes_nothing_off_another() -> None:
    customer = ACustomer()
    customer.buy("s-2", YEN, "2026-01-31T20:00:00Z")
    customer.ask("2026-02-01T01:00:00Z", "cancel", "s-2")
    customer.until("2026-03-01")
    assert customer.invoices[2:] == ["3 26-02 0-1500 +0 0 >0", "4 26-02 30.00-0.00 +0.00 30.00 >0.00"]
    assert customer.unpaid == ["2 issued 30.00", "4 issued 30.00"]


def test_a_customer_may_be_lived_in_one_step_or_in_many() -> None:
    whole, stepped = ACustomer().until("2026-09-01"), ACustomer()
    for day in range(240):
        stepped.until(instant("2026-01-15T09:00:00Z") + day * DAY)
    stepped.until("2026-09-01")
    assert whole.journal == stepped.journal
    assert whole.documents == stepped.documents
