"""What follows an invoice that nobody pays: reminders, suspension, and its lifting (MON-6, SUS-9, section 11)."""

from datetime import timedelta

import pytest

from domain.account.events import AccountEventName
from domain.account.terms import HoldScope, terms_of
from domain.policy import PACKS
from tests.support.instants import DAY, TICK, instant
from tests.support.simulated.customer import ACustomer, numbered, paid
from tests.support.simulated.life import Facts

YEAR: Facts = {"term": "P1Y", "billing_plan": "annual", "unit_price": "120.00"}
USAGE: Facts = {"billing_type": "usage", "unit_price": "0.25", "term": "P1Y"}
DUE = instant("2026-04-02")
"""Of the first invoice: January's."""
CSP = [("reminded", 1), ("reminded", 7), ("reminded", 14), ("suspended_for_nonpayment", 30)]
AFTER_DUE: dict[str, list[tuple[str, int]]] = {
    "csp-2019": CSP,
    "csp-2019-china": CSP,
    "nce-2022": CSP,
    "saas-fulfillment-v2": [("reminded", 1), ("reminded", 7), ("suspended_for_nonpayment", 14)],
}
HELD = "2026-05-02T00:00:00Z"
ALL = terms_of("csp-2019").model_copy(update={"holds": HoldScope.ALL})


def unpaid_year(terms: str = "csp-2019") -> ACustomer:
    """A customer with one invoice of 360.00 and none after it for a year."""
    return ACustomer(terms, offer=YEAR)


def held() -> ACustomer:
    """The same, suspended for nonpayment on May the 2nd."""
    customer = unpaid_year().until(HELD)
    assert customer.holds() == ["nonpayment system"]
    return customer


def subscription_events(customer: ACustomer, subscription_id: str = "s-1") -> list[str]:
    """The events' names of the subscription."""
    return [event.event.value for event in customer.simulator.subscriptions[subscription_id].book.events]


def test_every_pack_is_here() -> None:
    assert set(AFTER_DUE) == set(PACKS)


@pytest.mark.parametrize("pack", AFTER_DUE)
def test_section_11_reminders_and_suspension_at_exact_instants(pack: str) -> None:
    """Each is not there a microsecond before."""
    customer = unpaid_year(pack).until(DUE)
    told = ["invoice_issued", "invoice_overdue"]
    assert customer.names == told
    for name, days in AFTER_DUE[pack]:
        assert customer.until(DUE + days * DAY - TICK).names == told
        told.append(name)
        assert customer.until(DUE + days * DAY).names == told
        assert customer.journal[-1].at == DUE + days * DAY
    numbers = [event.reminder for event in customer.journal if event.event is AccountEventName.REMINDED]
    assert numbers == list(range(1, len(AFTER_DUE[pack])))
    assert customer.until("2026-12-31").names == told


def test_mon_6_each_step_names_the_invoice_and_what_is_owed() -> None:
    customer = unpaid_year()
    customer.pay("2026-04-05", "60.00")
    customer.until(HELD)
    owed = [f"{e.event} {e.invoice} {e.currency} {e.amount} {e.state}" for e in customer.journal if e.invoice]
    assert owed == [
        f"invoice_issued {numbered(1)} USD 360.00 issued",
        f"invoice_overdue {numbered(1)} USD 360.00 overdue",
        f"reminded {numbered(1)} USD 360.00 overdue",
        f"reminded {numbered(1)} USD 300.00 overdue",
        f"reminded {numbered(1)} USD 300.00 overdue",
        f"suspended_for_nonpayment {numbered(1)} USD 300.00 overdue",
    ]


def test_mon_6_the_timeline_shows_what_comes_if_nobody_pays() -> None:
    assert unpaid_year().until("2026-03-15").timeline == [
        "close@2026-04-01T00:00:00Z MON-5",
        "overdue@2026-04-02T00:00:00Z MON-6",
    ]
    assert unpaid_year().until("2026-04-10").timeline == [
        "remind@2026-04-16T00:00:00Z MON-6",
        "close@2026-05-01T00:00:00Z MON-5",
        "suspend@2026-05-02T00:00:00Z MON-6",
    ]
    assert held().timeline == ["close@2026-06-01T00:00:00Z MON-5"]


@pytest.mark.parametrize("pack", AFTER_DUE)
def test_mon_6_suspension_can_be_turned_off(pack: str) -> None:
    customer = ACustomer(terms_of(pack).without_suspension(), offer=YEAR)
    customer.until("2026-12-31")
    reminders = [name for name, _ in AFTER_DUE[pack] if name == "reminded"]
    assert customer.names == ["invoice_issued", "invoice_overdue", *reminders]
    assert (customer.state(), customer.unpaid) == ("active", ["1 overdue 360.00"])


@pytest.mark.parametrize("late", [-TICK, 0 * TICK])
def test_mon_6_paid_before_the_due_date_it_never_falls_due(late: timedelta) -> None:
    customer = unpaid_year()
    customer.pay(DUE + late, "360.00")
    customer.until("2026-12-31")
    overdue = [] if late else ["invoice_overdue"]
    assert customer.names == ["invoice_issued", *overdue, "payment_received"]


@pytest.mark.parametrize(("late", "suspended"), [(-TICK, False), (0 * TICK, True)])
def test_lif_4_at_the_instant_of_the_suspension_it_comes_before_the_payment(late: timedelta, suspended: bool) -> None:
    customer = unpaid_year()
    customer.pay(instant(HELD) + late, "360.00")
    assert (AccountEventName.SUSPENDED in customer.names) == suspended
    assert customer.state() == "active"
    assert subscription_events(customer) == ["purchased", *(["suspended", "reactivated"] if suspended else [])]


def test_sus_1_only_licensed_subscriptions_are_held() -> None:
    """Not usage; not one that still waits for its publisher, and none that has ended. A trial, where all is held."""
    customer = ACustomer(ALL, offer=YEAR)
    customer.buy("s-2", USAGE, "2026-04-20")
    customer.buy("s-3", {"setup": "publisher"}, "2026-04-20")
    customer.buy("s-4", {"trial_days": 30}, "2026-04-20")
    customer.buy("s-5", at="2026-04-20T01:00:00Z")
    customer.ask("2026-04-20T02:00:00Z", "cancel", "s-5")
    customer.until(HELD)
    states = [customer.state(f"s-{number}") for number in (1, 2, 3, 4, 5)]
    assert states == ["suspended", "active", "pending", "suspended", "cancelled"]
    customer.pay("2026-05-10", "360.00")
    states = [customer.state(f"s-{number}") for number in (1, 2, 3, 4, 5)]
    assert states == ["active", "active", "pending", "trial", "cancelled"]


def test_rol_3_the_hold_says_who_placed_it_and_when() -> None:
    customer = held()
    hold = customer.subscription().holds[0]
    assert (hold.reason, hold.at, hold.by) == ("nonpayment", instant(HELD), "system")
    event = customer.simulator.subscriptions["s-1"].book.events[-1]
    assert (event.event, event.by, event.actor) == ("suspended", "system", "billing-account")


def test_sus_6_a_suspended_subscription_is_not_billed_and_the_payment_brings_a_new_term() -> None:
    """Bought on January the 15th: the term that ended on May the 15th is not renewed (SUS-7)."""
    customer = ACustomer().until("2026-05-20")
    customer.pay("2026-05-20T10:00:00Z", "30.00")
    assert subscription_events(customer)[-2:] == ["suspended", "reactivated"]
    assert [f"{row.at:%m-%d}" for row in customer.simulator.subscriptions["s-1"].book.rows] == [
        "01-15",
        "02-15",
        "03-15",
        "04-15",
        "05-20",
    ]


def test_sus_9_a_payment_lifts_exactly_its_own_hold_and_a_customers_stays() -> None:
    customer = unpaid_year()
    customer.ask("2026-04-20", "suspend")
    customer.until(HELD)
    assert customer.holds() == ["customer_request admin_agent", "nonpayment system"]
    customer.pay("2026-05-10", "360.00")
    assert (customer.state(), customer.holds()) == ("suspended", ["customer_request admin_agent"])
    assert subscription_events(customer)[-1] == "hold_lifted"


def test_sus_9_a_services_own_hold_for_nonpayment_stays() -> None:
    """The account's hold changed nothing then, and is not the account's to lift (MON-7)."""
    customer = unpaid_year()
    customer.ask("2026-04-20", "suspend", reason="nonpayment", by="service")
    customer.until(HELD)
    customer.pay("2026-05-10", "360.00")
    assert (customer.state(), customer.holds()) == ("suspended", ["nonpayment service"])


def test_sus_9_what_a_person_reactivated_stays_active() -> None:
    customer = held()
    customer.ask("2026-05-03", "reactivate")
    customer.pay("2026-05-10", "360.00")
    assert customer.state() == "active"
    assert subscription_events(customer) == ["purchased", "suspended", "reactivated"]


def test_sus_9_what_a_person_reactivated_and_a_service_then_held_is_not_lifted() -> None:
    customer = held()
    customer.ask("2026-05-03", "reactivate")
    customer.ask("2026-05-04", "suspend", reason="nonpayment", by="service")
    customer.pay("2026-05-10", "360.00")
    assert customer.holds() == ["nonpayment service"]


def test_sus_9_what_a_person_reactivated_and_then_suspended_is_not_lifted() -> None:
    customer = held()
    customer.ask("2026-05-03", "reactivate")
    customer.ask("2026-05-04", "suspend")
    customer.pay("2026-05-10", "360.00")
    assert customer.holds() == ["customer_request admin_agent"]


def test_sus_8_an_unpaid_invoice_never_blocks_deletion() -> None:
    """Held on May the 2nd, deleted 90 days later; a payment then lifts nothing."""
    customer = held().until(instant(HELD) + 90 * DAY)
    assert customer.state() == "deleted"
    customer.pay("2026-08-10", "360.00")
    assert (customer.state(), customer.unpaid) == ("deleted", [])


def two_that_led_to_holds() -> ACustomer:
    """January's and February's invoices have both led to holds; March's is overdue, April's is not due."""
    customer = ACustomer().until("2026-06-01T12:00:00Z")
    assert customer.unpaid == ["1 overdue 30.00", "2 overdue 30.00", "3 overdue 30.00", "4 issued 30.00"]
    assert [receivable.suspended for receivable in customer.account.receivables] == [True, True, False, False]
    return customer


def test_sus_9_lifted_only_when_no_invoice_that_led_to_holds_is_unpaid() -> None:
    customer = two_that_led_to_holds()
    assert not customer.account.receivables[2].suspended
    customer.pay("2026-06-02", "59.99")
    assert (customer.unpaid[0], customer.state()) == ("2 overdue 0.01", "suspended")
    customer.pay("2026-06-03", "0.01", payment_id="p-2")
    assert (customer.unpaid, customer.state()) == (["3 overdue 30.00", "4 issued 30.00"], "active")
    assert [event.lifts for event in customer.journal if event.payment_id] == [True, True]


def test_sus_9_the_later_one_paid_first_lifts_nothing() -> None:
    customer = two_that_led_to_holds()
    customer.pay("2026-06-02", "30.00", invoice=numbered(2))
    assert customer.state() == "suspended"
    customer.pay("2026-06-03", "30.00", payment_id="p-2", invoice=numbered(1))
    assert customer.state() == "active"


def test_mon_6_lifted_and_still_unpaid_it_is_held_again_for_the_next_invoice() -> None:
    """March's fell due on May the 31st: thirty days later it holds."""
    customer = two_that_led_to_holds()
    customer.pay("2026-06-02", "60.00")
    assert customer.until(instant("2026-06-30") - TICK).state() == "active"
    assert customer.until("2026-06-30").holds() == ["nonpayment system"]
    customer.pay("2026-07-01", "30.00", payment_id="p-2")
    assert customer.state() == "active"


def test_mon_9_by_terms_that_hold_all_what_was_bought_since_is_held_with_the_next_invoice_too() -> None:
    customer = ACustomer(ALL).until("2026-05-03")
    customer.buy("s-2", {"term": "P1Y"}, "2026-05-04")
    assert customer.until("2026-05-29").state("s-2") == "active"
    assert customer.until("2026-05-30").state("s-2") == "suspended"
    customer.pay("2026-06-02", "60.00")
    assert [customer.state("s-1"), customer.state("s-2")] == ["active", "active"]


def test_mon_6_a_partial_payment_lifts_nothing() -> None:
    customer = held()
    assert paid(customer.pay("2026-05-03", "359.00")) == "done MON-6"
    assert (customer.state(), customer.unpaid) == ("suspended", ["1 overdue 1.00"])
