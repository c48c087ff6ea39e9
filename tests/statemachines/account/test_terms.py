"""A customer's terms of payment: which invoices they hold for, and when periods close (MON-11)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.account.events import AccountEventName
from domain.account.own_terms import OwnTerms
from domain.account.terms import HoldScope, terms_of
from tests.support.instants import DAY, TICK, instant
from tests.support.simulated.customer import ACustomer, paid
from tests.support.simulated.life import Facts

YEAR: Facts = {"term": "P1Y", "billing_plan": "annual", "unit_price": "120.00"}
DUE = instant("2026-04-02")
"""Of the first invoice: January's."""


def unpaid_year(terms: str = "csp-2019") -> ACustomer:
    """A customer with one invoice of 360.00 and none after it for a year."""
    return ACustomer(terms, offer=YEAR)


def closes(customer: ACustomer) -> str:
    """When the running period closes, as the timeline shows it."""
    return next(each.split(" ")[0] for each in customer.timeline if each.startswith("close@"))


def test_mon_11_what_was_closed_before_keeps_its_reminders_and_its_suspension() -> None:
    """By the second pack it would have been suspended on the fourteenth day, and reminded twice."""
    customer = unpaid_year().until("2026-02-01")
    shown = customer.timeline
    assert paid(customer.request("2026-02-01T08:00:00Z", "change_terms", policy="saas-fulfillment-v2")) == "done MON-6"
    assert customer.timeline == shown
    customer.until("2026-12-31")
    assert customer.events[2:] == [
        "invoice_overdue 1@2026-04-02T00:00:00Z",
        "reminded 1@2026-04-03T00:00:00Z",
        "reminded 1@2026-04-09T00:00:00Z",
        "reminded 1@2026-04-16T00:00:00Z",
        "suspended_for_nonpayment 1@2026-05-02T00:00:00Z",
    ]


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-01-31T23:59:59.999999Z", "2026-02-11T00:00:00Z"),
        ("2026-02-01T00:00:00Z", "2026-04-02T00:00:00Z"),
        ("2026-02-01T00:00:00.000001Z", "2026-04-02T00:00:00Z"),
    ],
)
def test_mon_11_the_terms_of_the_instant_at_which_it_closes(at: str, due: str) -> None:
    """At that very instant it closes first."""
    own: Facts = {"due_days": 10, "reminder_days": [0, 2], "suspend_days": 3}
    customer = unpaid_year()
    customer.request(at, "change_terms", **own)
    customer.until("2026-12-31")
    overdue = instant(due)
    assert customer.documents[0].head.due_at == overdue
    told = [(event.event.value, event.at - overdue) for event in customer.journal if event.at >= overdue]
    if due.startswith("2026-02"):
        days = [("invoice_overdue", 0), ("reminded", 0), ("reminded", 2), ("suspended_for_nonpayment", 3)]
    else:
        days = [("invoice_overdue", 0), *(("reminded", day) for day in (1, 7, 14)), ("suspended_for_nonpayment", 30)]
    assert told == [(name, number * DAY) for name, number in days]


def test_mon_11_due_and_held_at_the_very_instant_at_which_it_closes() -> None:
    customer = unpaid_year()
    customer.request("2026-01-31", "change_terms", due_days=0, reminder_days=[0], suspend_days=0)
    customer.until(instant("2026-02-01") - TICK)
    assert (customer.names, customer.state()) == (["terms_changed"], "active")
    assert customer.until("2026-02-01").names[1:] == [
        *("invoice_issued", "invoice_overdue", "reminded", "suspended_for_nonpayment")
    ]
    assert customer.state() == "suspended"


def test_mon_11_never_suspended_and_never_reminded() -> None:
    customer = unpaid_year()
    customer.request("2026-01-31", "change_terms", reminder_days=[], suspend_days=None)
    assert customer.until("2027-01-01").names == ["terms_changed", "invoice_issued", "invoice_overdue"]


@pytest.mark.parametrize(("day", "next_one"), [(15, "2026-02-15"), (28, "2026-02-28"), (2, "2026-02-02")])
def test_mon_11_the_running_period_closes_as_it_was_shown_and_the_next_on_the_new_day(day: int, next_one: str) -> None:
    customer = ACustomer(offer={"term": "P1M", "billing_plan": "monthly", "unit_price": "10.00"})
    shown = closes(customer)
    customer.request("2026-01-20" if day != 28 else "2026-01-31T09:00:00Z", "change_terms", invoice_day=day)
    assert closes(customer) == shown == "close@2026-02-01T00:00:00Z"
    customer.until("2026-02-01")
    assert closes(customer) == f"close@{next_one}T00:00:00Z"
    customer.until(f"{next_one}T00:00:00Z")
    assert closes(customer) == f"close@2026-03-{day:02}T00:00:00Z"
    customer.until("2027-01-01")
    ends = [each.head.month.end for each in customer.documents]
    assert {end.day for end in ends[1:]} == {day}


def test_mon_11_month_end_is_the_first() -> None:
    customer = ACustomer(terms_of("csp-2019").model_copy(update={"invoice_day": 15}))
    first = closes(customer)
    customer.request("2026-02-01", "change_terms", invoice_day="month_end")
    assert (first, closes(customer)) == ("close@2026-02-15T00:00:00Z",) * 2
    customer.until("2026-02-15")
    assert closes(customer) == "close@2026-03-01T00:00:00Z"
    assert paid(customer.request("2026-02-16", "change_terms", invoice_day=1)) == "unchanged MON-7"


def test_mon_11_each_invoice_holds_by_the_terms_that_it_closed_by() -> None:
    """The second one's terms hold every licensed subscription, what it does not charge too."""
    customer = unpaid_year()
    customer.request("2026-02-02", "change_terms", holds="all")
    customer.buy("s-2", YEAR, "2026-02-03T09:00:00Z")
    customer.buy("s-3", YEAR, "2026-04-20T09:00:00Z")
    customer.until("2026-05-02")
    assert [customer.state(each) for each in ("s-1", "s-2", "s-3")] == ["suspended", "active", "active"]
    customer.until(DUE + timedelta(days=58))
    assert [customer.state(each) for each in ("s-1", "s-2", "s-3")] == ["suspended"] * 3
    customer.pay("2026-06-10", "360.00")
    assert [customer.state(each) for each in ("s-1", "s-2", "s-3")] == ["suspended"] * 3


def test_mon_11_paid_what_holds_all_leaves_what_the_other_one_holds() -> None:
    customer = unpaid_year()
    customer.request("2026-02-02", "change_terms", holds="all")
    customer.buy("s-2", YEAR, "2026-02-03T09:00:00Z")
    customer.until(DUE + timedelta(days=58))
    second = customer.documents[1].head.invoice
    customer.pay("2026-06-10", "360.00", invoice=second)
    assert (customer.state("s-1"), customer.state("s-2")) == ("suspended", "active")


def test_mon_11_suspension_that_is_turned_off_ends_no_dates_of_before() -> None:
    customer = unpaid_year().until("2026-02-01")
    customer.request("2026-04-20", "change_terms", suspends=False)
    assert customer.until(instant("2026-05-02") - TICK).state() == "active"
    assert customer.until("2026-05-02").state() == "suspended"
    customer.pay("2026-05-10", "360.00")
    assert customer.state() == "active"


def test_mon_11_the_tolerance_is_the_accounts_and_holds_at_once() -> None:
    customer = unpaid_year().until("2026-05-02")
    assert customer.state() == "suspended"
    customer.request("2026-05-03", "change_terms", tolerance="400.00")
    assert customer.state() == "active"


def test_mon_11_suspension_turned_on_again_has_the_packs_days() -> None:
    customer = unpaid_year()
    customer.request("2026-02-02", "change_terms", suspend_days=5)
    customer.request("2026-02-03", "change_terms", suspends=False)
    customer.request("2026-02-04", "change_terms", suspends=True)
    assert customer.account.terms == terms_of("csp-2019")
    customer.request("2026-02-05", "change_terms", suspend_days=5)
    assert paid(customer.request("2026-02-06", "change_terms", suspends=True)) == "unchanged MON-7"


def test_mon_11_another_pack_keeps_the_switch_unless_it_is_said() -> None:
    customer = unpaid_year()
    customer.request("2026-02-01", "change_terms", suspends=False)
    customer.request("2026-02-02", "change_terms", policy="saas-fulfillment-v2")
    assert customer.account.terms == terms_of("saas-fulfillment-v2").without_suspension()
    customer.request("2026-02-03", "change_terms", policy="nce-2022", suspends=True)
    assert customer.account.terms == terms_of("nce-2022")


OWN: Facts = {
    "tolerance": Decimal("2.50"),
    "holds": HoldScope.ALL,
    "sell_while_held": True,
    "invoice_day": 15,
    "due_days": 14,
    "reminder_days": [3],
    "suspend_days": None,
}


def test_mon_11_another_pack_keeps_the_customers_own_terms_unless_it_is_said() -> None:
    customer = unpaid_year()
    customer.request("2026-02-01", "change_terms", **OWN)
    customer.request("2026-02-02", "change_terms", policy="saas-fulfillment-v2")
    assert customer.account.terms == OwnTerms.model_validate(OWN).instead_in(terms_of("saas-fulfillment-v2"))
    customer.request("2026-02-03", "change_terms", tolerance=Decimal(0), policy="nce-2022")
    assert customer.account.terms == OwnTerms.model_validate({**OWN, "tolerance": Decimal(0)}).instead_in(
        terms_of("nce-2022")
    )
    event = customer.journal[-1]
    assert (event.event, event.terms) == (AccountEventName.TERMS_CHANGED, customer.account.terms)


@pytest.mark.parametrize("name", OWN)
def test_mon_11_each_of_the_customers_own_terms_changes_alone(name: str) -> None:
    customer = unpaid_year()
    answer = customer.request("2026-02-01", "change_terms", **{name: OWN[name]})
    assert customer.account.terms == OwnTerms.model_validate({name: OWN[name]}).instead_in(terms_of("csp-2019"))
    assert OwnTerms.of(customer.account.terms) == OwnTerms.model_validate({name: OWN[name]})
    holding = "Closed invoices keep their dates."
    assert answer.message == f"The terms are now csp-2019: {customer.account.terms.words}. {holding}"
    assert paid(customer.request("2026-02-02", "change_terms", **{name: OWN[name]})) == "unchanged MON-7"


@pytest.mark.parametrize("fields", [{}, {"policy": "csp-2019"}, {"suspends": True}])
def test_mon_7_the_same_terms_again_change_nothing(fields: Facts) -> None:
    customer = unpaid_year()
    answer = customer.request("2026-02-01", "change_terms", **fields)
    assert paid(answer) == "unchanged MON-7"
    assert answer.effective_at is None
    assert customer.names == ["invoice_issued"]


def test_rol_3_changed_terms_are_told_in_words() -> None:
    customer = unpaid_year()
    answer = customer.request("2026-02-02", "change_terms", policy="saas-fulfillment-v2", actor="ann")
    assert (
        "saas-fulfillment-v2: due after 60 days, reminders 1, 7 days after the due date, suspension 14"
        in answer.message
    )
    event = customer.journal[-1]
    assert (event.by, event.actor, event.rule, event.details) == ("admin_agent", "ann", "MON-6", answer.message)
    off = customer.request("2026-02-03", "change_terms", suspends=False)
    assert "no suspension for nonpayment" in off.message


@pytest.mark.parametrize("by", ["service", "system", "publisher"])
def test_rol_4_only_a_user_changes_terms(by: str) -> None:
    customer = unpaid_year()
    assert paid(customer.request("2026-02-02", "change_terms", by=by, suspends=False)) == "refused ROL-4"
    assert customer.account.terms == terms_of("csp-2019")
