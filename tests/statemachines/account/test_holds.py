"""Holds for nonpayment fall on what is unpaid, and paying lifts exactly what was held for it (MON-9, SUS-9)."""

from datetime import timedelta

import pytest

from domain.account.account import Account
from domain.account.terms import HoldScope, terms_of
from domain.subscription.holds import Reason
from tests.support.instants import DAY, TICK, instant
from tests.support.simulated.customer import ACustomer, numbered, paid
from tests.support.simulated.life import Facts

YEAR: Facts = {"term": "P1Y", "billing_plan": "annual", "unit_price": "120.00"}
ALL = terms_of("csp-2019").model_copy(update={"holds": HoldScope.ALL})
FIRST, SECOND = "2026-05-02", "2026-05-30"
"""When January's invoice suspends, and February's: they are due on April the 2nd and the 30th."""


def two_years(terms: str = "csp-2019", **second: object) -> ACustomer:
    """s-1 is on January's invoice, s-2 on February's."""
    customer = ACustomer(ALL if terms == "all" else terms, offer=YEAR)
    customer.buy("s-2", YEAR, "2026-02-10", **second)
    return customer


def states(customer: ACustomer) -> list[str]:
    """The states of the customer's subscriptions, in the order of their ids."""
    return [customer.state(each) for each in sorted(customer.simulator.subscriptions)]


def names(customer: ACustomer, subscription_id: str) -> list[str]:
    """The events' names of the subscription."""
    return [event.event.value for event in customer.simulator.subscriptions[subscription_id].book.events]


def test_mon_9_each_invoice_holds_what_it_charges() -> None:
    customer = two_years()
    assert states(customer.until(instant(FIRST) - TICK)) == ["active", "active"]
    assert states(customer.until(FIRST)) == ["suspended", "active"]
    assert states(customer.until(instant(SECOND) - TICK)) == ["suspended", "active"]
    assert states(customer.until(SECOND)) == ["suspended", "suspended"]


@pytest.mark.parametrize(("number", "left"), [(1, ["active", "suspended"]), (2, ["suspended", "active"])])
def test_mon_9_paying_lifts_what_was_held_for_that_invoice_and_nothing_else(number: int, left: list[str]) -> None:
    customer = two_years().until("2026-06-01")
    customer.pay("2026-06-01", "360.00", invoice=numbered(number))
    assert states(customer) == left
    customer.pay("2026-06-02", "720.00", payment_id="p-2")
    assert states(customer) == ["active", "active"]


def test_mon_9_what_is_held_for_two_is_lifted_when_both_are_paid() -> None:
    """A monthly one is on both invoices; each has a yearly one besides."""
    customer = ACustomer()
    customer.buy("s-2", YEAR, "2026-01-20")
    customer.buy("s-3", YEAR, "2026-02-20")
    assert states(customer.until(FIRST)) == ["suspended", "suspended", "active"]
    assert states(customer.until(SECOND)) == ["suspended", "suspended", "suspended"]
    assert names(customer, "s-1").count("suspended") == 1, "the second hold changes nothing"
    customer.pay("2026-06-01", "390.00", invoice=numbered(1))
    assert states(customer) == ["suspended", "active", "suspended"]
    customer.pay("2026-06-02", "390.00", payment_id="p-2", invoice=numbered(2))
    assert states(customer) == ["active", "active", "active"]


def test_mon_9_also_where_the_later_invoice_is_paid_first() -> None:
    customer = ACustomer()
    customer.buy("s-2", YEAR, "2026-01-20")
    customer.buy("s-3", YEAR, "2026-02-20")
    customer.until(SECOND)
    customer.pay("2026-06-01", "390.00", invoice=numbered(2))
    assert states(customer) == ["suspended", "suspended", "active"]
    customer.pay("2026-06-02", "390.00", payment_id="p-2", invoice=numbered(1))
    assert states(customer) == ["active", "active", "active"]


def test_mon_9_what_was_bought_after_the_invoice_closed_is_not_held_for_it() -> None:
    customer = ACustomer(offer=YEAR)
    customer.buy("s-2", {"trial_days": 30}, "2026-04-20")
    customer.buy("s-3", at="2026-05-01T23:59:59Z")
    assert states(customer.until(FIRST)) == ["suspended", "trial", "active"]


def test_mon_9_a_usage_offer_and_an_ended_subscription_are_not_held() -> None:
    customer = ACustomer(offer=YEAR)
    customer.buy(
        "s-2",
        {"billing_type": "usage", "unit_price": "1.00", "add_ons": [{"id": "a", "unit_price": 5}]},
        "2026-01-16",
        quantity=1,
        add_ons={"a": 1},
    )
    customer.buy("s-3", at="2026-01-17")
    customer.ask("2026-03-20", "cancel", "s-3")
    assert states(customer.until(FIRST)) == ["suspended", "active", "expired"]


def test_mon_9_an_invoice_with_nothing_to_suspend_holds_nothing_and_its_payment_lifts_nothing() -> None:
    customer = ACustomer(offer={"term": "P1M"})
    customer.ask("2026-01-20", "set_auto_renew", enabled=False)
    customer.buy("s-2", YEAR, "2026-02-20")
    assert states(customer.until(FIRST)) == ["expired", "active"]
    assert customer.account.holds
    customer.pay("2026-05-03", "30.00")
    assert not customer.account.holds


@pytest.mark.parametrize("first", [1, 2])
def test_mon_9_by_terms_that_hold_all_every_licensed_one_and_the_last_invoice_lifts(first: int) -> None:
    customer = two_years("all")
    assert states(customer.until(FIRST)) == ["suspended", "suspended"]
    customer.until(SECOND)
    customer.pay("2026-06-01", "360.00", invoice=numbered(first))
    assert states(customer) == ["suspended", "suspended"]
    customer.pay("2026-06-02", "720.00", payment_id="p-2")
    assert states(customer) == ["active", "active"]
    assert [event.lifts for event in customer.journal if event.payment_id] == [False, True]


def test_mon_9_other_terms_place_and_lift_nothing_by_themselves() -> None:
    customer = two_years("all").until(FIRST)
    customer.request("2026-05-03", "change_terms", holds=HoldScope.UNPAID)
    assert states(customer.until(SECOND)) == ["suspended", "suspended"]
    customer.pay("2026-06-01", "360.00", invoice=numbered(2))
    assert states(customer) == ["suspended", "suspended"], "the first holds both"
    customer.pay("2026-06-02", "360.00", payment_id="p-2")
    assert states(customer) == ["active", "active"]


def test_mon_9_what_an_invoice_held_that_was_paid_under_terms_that_hold_all_is_lifted_under_the_new_ones() -> None:
    customer = two_years("all").until(SECOND)
    customer.pay("2026-06-01", "360.00", invoice=numbered(1))
    customer.request("2026-06-02", "change_terms", holds=HoldScope.UNPAID)
    assert states(customer) == ["suspended", "suspended"]
    customer.pay("2026-06-03", "360.00", payment_id="p-2")
    assert states(customer) == ["active", "active"]


def test_sus_9_what_is_suspended_for_another_reason_is_held_besides_and_stays_suspended() -> None:
    customer = two_years()
    customer.ask("2026-04-20", "suspend", "s-1")
    customer.until(FIRST)
    assert customer.holds("s-1") == ["customer_request admin_agent", "nonpayment system"]
    customer.pay("2026-05-10", "360.00", invoice=numbered(1))
    assert (customer.state("s-1"), customer.holds("s-1")) == ("suspended", ["customer_request admin_agent"])


def test_sus_9_a_services_hold_is_not_held_for_the_invoices_and_stays() -> None:
    customer = ACustomer()
    customer.ask("2026-04-20", "suspend", reason=Reason.NONPAYMENT, by="service")
    customer.until(SECOND)
    customer.pay("2026-06-01", "120.00")
    assert customer.holds("s-1") == ["nonpayment service"]


def test_sus_9_what_a_person_reactivated_is_held_again_for_the_next_invoice_alone() -> None:
    customer = ACustomer().until(FIRST)
    customer.ask("2026-05-03", "reactivate")
    assert customer.until(SECOND).holds() == ["nonpayment system"]
    customer.pay("2026-06-01", "30.00", invoice=numbered(2))
    assert customer.state() == "suspended", "the first one is unpaid, and held it before"
    customer.pay("2026-06-02", "30.00", payment_id="p-2", invoice=numbered(1))
    assert customer.state() == "active"


def test_mon_9_the_hold_names_its_invoice() -> None:
    customer = two_years().until(FIRST)
    event = customer.simulator.subscriptions["s-1"].book.events[-1]
    assert (event.event, event.reason, event.details) == ("suspended", "nonpayment", f"{numbered(1)} is not paid")


def test_mon_9_a_partial_payment_of_one_of_two_lifts_nothing() -> None:
    customer = two_years().until(SECOND)
    assert paid(customer.pay("2026-06-01", "359.99", invoice=numbered(2))) == "done MON-6"
    assert states(customer) == ["suspended", "suspended"]


def test_mon_9_the_account_says_for_which_invoices_it_holds() -> None:
    def held_for(account: Account) -> list[str]:
        return list(account.held_for)

    customer = two_years().until(SECOND)
    assert held_for(customer.account) == [numbered(1), numbered(2)]
    customer.pay("2026-06-01", "360.00")
    assert held_for(customer.account) == [numbered(2)]
    customer.pay("2026-06-02", "360.00", payment_id="p-2")
    assert (held_for(customer.account), customer.account.holds) == ([], False)


@pytest.mark.parametrize("late", [timedelta(0), 3 * DAY])
def test_mon_9_no_two_invoices_hold_without_a_payment_between_them_alone(late: timedelta) -> None:
    """Paid between the two instants, the first has lifted its own before the second holds its own."""
    customer = two_years().until(FIRST)
    customer.pay(instant(FIRST) + late, "360.00", invoice=numbered(1))
    assert states(customer) == ["active", "active"]
    assert states(customer.until(SECOND)) == ["active", "suspended"]
