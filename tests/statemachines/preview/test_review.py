"""What a review shows of each kind of line, and that it is what then happens (BUY-2)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalog.catalog import ListedOffer
from domain.money import total
from domain.ordering.cart import Cart
from domain.ordering.eligibility import Ownership, UnpaidHold
from domain.ordering.placement import CartFacts, terms_of
from domain.ordering.terms import Order
from domain.policy import PACKS
from domain.subscription.events import EventName, State
from domain.subscription.ledger import Kind
from domain.values import format_instant
from statemachines.preview.review import LineReview, review
from statemachines.preview.simulator import Simulator
from tests.support.instants import DAY, TICK, instant
from tests.support.shop.buyers import a_customer, a_line, holding
from tests.support.shop.offers import an_offer
from tests.support.simulated.life import LIVING, ORDERED, Facts, a_command

NOW = instant(ORDERED)


def reviewed(
    lines: list[Facts],
    offers: list[ListedOffer],
    held: Mapping[str, Ownership] | None = None,
    unpaid: tuple[UnpaidHold, ...] = (),
) -> tuple[LineReview, ...]:
    """The cart o-1 of fabrikam, reviewed now."""
    known = {offer.id: offer for offer in offers}
    cart = Cart(id="o-1", customer="fabrikam", created_at=NOW, lines=tuple(a_line(line) for line in lines))
    facts = CartFacts(a_customer(), cart, known, held or {}, catalog_version=7, unpaid=unpaid)
    return review(facts, NOW, by="admin_agent", lifecycle=LIVING.lifecycle)


def one(offer: Facts, line: Facts | None = None, held: Ownership | None = None) -> LineReview:
    """One line, of one offer."""
    (found,) = reviewed([line or {}], [an_offer(offer)], {"crm": held or Ownership()})
    return found


def shown(found: LineReview) -> Facts:
    """What is known of it, as short text; what is not known is left out."""
    facts: Facts = {
        "state": found.state,
        "trial": found.trial_end,
        "trial_of": found.trial_of,
        "activation": found.activation_deadline,
        "charge": found.first_charge,
        "charged": found.first_charge_at,
        "refund": found.refund_until,
        "renews": found.renews_at,
    }
    return {name: brief(value) for name, value in facts.items() if value is not None}


def brief(value: object) -> str:
    """An instant without its hour where that is the order's."""
    return format_instant(value).removesuffix("T09:00:00Z") if isinstance(value, datetime) else str(value)


def test_a_plain_line_is_charged_now() -> None:
    assert shown(one({}, {"add_ons": {"backup": 2}})) == {
        "state": "active",
        "charge": "USD 35.00",
        "charged": "2026-01-15",
        "refund": "2026-01-16",
        "renews": "2026-02-15",
    }


def test_tri_1_a_trial_is_charged_at_its_end() -> None:
    assert shown(one({"trial_days": 30})) == {
        "state": "trial",
        "trial": "2026-02-14",
        "charge": "USD 30.00",
        "charged": "2026-02-14",
        "refund": "2026-01-16",
        "renews": "2026-03-14",
    }


def test_tri_4_a_trial_that_was_used_up_says_by_whom() -> None:
    assert shown(one({"trial_days": 30}, held=holding(State.ACTIVE, trial_of="s-1"))) == {
        "state": "active",
        "trial_of": "s-1",
        "charge": "USD 30.00",
        "charged": "2026-01-15",
        "refund": "2026-01-16",
        "renews": "2026-02-15",
    }


@pytest.mark.parametrize(
    ("trial", "then"),
    [
        ({}, {"charged": "2026-02-01T00:00:00Z", "renews": "2026-03-01T00:00:00Z"}),
        (
            {"trial_days": 30},
            {"trial": "2026-03-03T00:00:00Z", "charged": "2026-03-03T00:00:00Z", "renews": "2026-04-03T00:00:00Z"},
        ),
    ],
)
def test_buy_6_what_begins_later_is_charged_and_renews_from_then_on(trial: Facts, then: Facts) -> None:
    found = one(trial, {"begins_at": "2026-02-01T00:00:00Z"})
    assert shown(found) == {"state": "pending", "charge": "USD 30.00", "refund": "2026-01-16", **then}
    assert found.begins_at == instant("2026-02-01")


def test_buy_6_with_a_set_up_the_deadline_counts_from_then() -> None:
    found = one({"setup": "publisher"}, {"begins_at": "2026-02-01T00:00:00Z"})
    assert shown(found) == {"state": "pending", "activation": "2026-03-03T00:00:00Z", "refund": "2026-01-16"}


@pytest.mark.parametrize("trial_days", [0, 30])
def test_isv_4_set_up_by_the_publisher_waits_for_it(trial_days: int) -> None:
    found = one({"setup": "publisher", "trial_days": trial_days})
    assert shown(found) == {"state": "pending", "activation": "2026-02-14", "refund": "2026-01-16"}
    assert found.order is not None
    assert found.order.offer.trial_days == trial_days


@pytest.mark.parametrize(
    ("trial_days", "add_ons", "wanted"),
    [
        (0, {}, {"state": "active", "charged": "2026-02-15", "renews": "2026-02-15"}),
        (0, {"backup": 1}, {"state": "active", "charge": "USD 2.50", "charged": "2026-01-15", "renews": "2026-02-15"}),
        (30, {}, {"state": "trial", "trial": "2026-02-14", "charged": "2026-03-14", "renews": "2026-03-14"}),
    ],
)
def test_cxl_6_usage_is_charged_in_arrears_and_not_refunded(trial_days: int, add_ons: Facts, wanted: Facts) -> None:
    offer: Facts = {"publisher": "microsoft", "billing_type": "usage", "trial_days": trial_days}
    assert shown(one(offer, {"quantity": 1, "add_ons": add_ons})) == wanted


def test_what_costs_nothing_is_never_charged() -> None:
    free = shown(one({"unit_price": "0", "trial_days": 30}))
    assert free == {"state": "trial", "trial": "2026-02-14", "refund": "2026-01-16", "renews": "2026-03-14"}


def test_elg_9_a_refused_line_shows_its_price_and_no_dates() -> None:
    found = one({"in_programme": False}, {"quantity": 501})
    assert [refusal.rule for refusal in found.refusals] == ["ELG-4", "ELG-8"]
    assert shown(found) == {}
    assert found.order is not None
    assert (f"{found.order.offer.unit_price:f}", found.terms) == ("10.00", terms_of(found.order))


def test_elg_6_of_an_unknown_offer_nothing_is_shown() -> None:
    (found,) = reviewed([{"offer": "nothing"}], [])
    assert ([refusal.rule for refusal in found.refusals], found.order, found.terms, found.name) == (
        ["ELG-6"],
        None,
        None,
        None,
    )


def test_elg_1_of_two_lines_of_an_offer_that_is_sold_once_the_first_is_bought() -> None:
    first, second, other = reviewed(
        [{}, {}, {"offer": "erp"}], [an_offer({"one_per_customer": True}), an_offer({"id": "erp"})]
    )
    assert [line.number for line in (first, second, other)] == [1, 2, 3]
    assert (first.refusals, other.refusals) == ((), ())
    assert [(refusal.rule, refusal.subscription_id) for refusal in second.refusals] == [("ELG-1", "o-1-1")]


def test_tri_4_of_two_lines_of_an_offer_with_a_trial_the_second_begins_paid() -> None:
    first, second = reviewed([{"subscription_id": "mine"}, {}], [an_offer({"trial_days": 30})])
    assert (first.state, first.trial_of) == (State.TRIAL, None)
    assert (second.state, second.trial_of) == (State.ACTIVE, "mine")


def test_a_refused_line_holds_nothing_for_the_next() -> None:
    first, second = reviewed([{"quantity": 501}, {}], [an_offer({"one_per_customer": True, "trial_days": 30})])
    assert ([refusal.rule for refusal in first.refusals], second.refusals) == (["ELG-8"], ())
    assert second.state is State.TRIAL


def test_buy_2_terms_that_a_line_carries_do_not_refuse_it_in_a_review() -> None:
    assert one({}, {"terms": "0" * 16}).refusals == ()


# What is shown is what happens: the order of a reviewed line lived in the simulator.

offers = st.fixed_dictionaries(
    {
        "publisher": st.sampled_from(["partner", "partner", "microsoft"]),
        "term": st.sampled_from(["P1M", "P1M", "P1Y"]),
        "trial_days": st.sampled_from([0, 0, 1, 30]),
        "unit_price": st.sampled_from(["10.00", "0", "0.01"]),
        "policy": st.sampled_from(sorted(PACKS)),
        "prices": st.dictionaries(st.integers(-40, 400), st.integers(0, 20), max_size=3).map(
            lambda prices: [
                {"at": format_instant(NOW + days * DAY), "unit_price": str(price)}
                for days, price in sorted(prices.items())
            ]
        ),
    }
)
lines = st.fixed_dictionaries({"add_ons": st.dictionaries(st.just("backup"), st.integers(1, 4))})


@given(offers, lines, st.sampled_from(["monthly", "one_time"]), st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=250)
def test_what_a_review_shows_is_what_then_happens(
    facts: dict[str, object], wanted: dict[str, object], plan: str, usage: bool, setup: bool, tried: bool
) -> None:
    metered = usage and facts["publisher"] == "microsoft"
    offer: Facts = {**facts, "billing_plan": plan, "billing_type": "usage" if metered else "license"}
    if setup and facts["publisher"] == "partner":
        offer["setup"] = "publisher"
    quantity: Facts = {"quantity": 1} if metered else {}
    found = one(offer, {**wanted, **quantity}, holding(trial_of="s-0" if tried else None))
    assert found.order is not None
    lives_as_shown(found, found.order)
    refunded_as_shown(found, found.order)


def lives_as_shown(found: LineReview, order: Order) -> None:
    """With no command: trial end, first charge, renewal, activation deadline; a unit used is what usage charges."""
    simulator = Simulator(order, LIVING)
    assert simulator.life.subscription.state is found.state
    if order.offer.metered:
        simulator.ask(a_command("report_usage", units="1000"), order.at + order.offer.trial_days * DAY)
    simulator.advance(order.at + timedelta(days=800))
    events, rows = simulator.book.events, simulator.book.rows
    dates = {event.event: event.at for event in reversed(events)}
    assert dates.get(EventName.CONVERTED) == found.trial_end
    assert dates.get(EventName.RENEWED) == found.renews_at
    assert dates.get(EventName.CANCELLED) == found.activation_deadline
    before_a_price_change = [row for row in rows if found.renews_at is None or row.at < found.renews_at]
    if found.first_charge:
        first = [row.amount for row in before_a_price_change if row.at == rows[0].at]
        assert (total(first, order.offer.currency), rows[0].at) == (found.first_charge, found.first_charge_at)
    elif found.first_charge_at and order.offer.unit_price:
        assert (rows[0].at, rows[0].line) == (found.first_charge_at, order.offer.id)
    else:
        assert not before_a_price_change


def refunded_as_shown(found: LineReview, order: Order) -> None:
    """A cancel just before the deadline leaves nothing charged; at it, nothing is credited."""
    if found.refund_until is None:
        answer = Simulator(order, LIVING).ask(a_command("cancel"), order.at)
        assert answer.outcome == ("cancelled" if found.state in {State.TRIAL, State.PENDING} else "refused")
        return
    inside, late = Simulator(order, LIVING), Simulator(order, LIVING)
    inside.ask(a_command("cancel"), found.refund_until - TICK)
    assert inside.life.subscription.state is State.CANCELLED
    assert sum(row.amount if row.kind is Kind.CHARGE else -row.amount for row in inside.book.rows) == 0
    assert late.ask(a_command("cancel"), found.refund_until).credit is None


def test_elg_10_every_line_is_refused_while_the_customer_is_held_and_shows_its_price() -> None:
    unpaid = (UnpaidHold(subscription_id="mail", invoice="northwind-000001"),)
    for found in reviewed([{}, {"offer": "mail"}], [an_offer(), an_offer({"id": "mail"})], unpaid=unpaid):
        assert [refusal.rule for refusal in found.refusals] == ["ELG-10"]
        assert found.refusals[0].next_step == "Pay northwind-000001 first."
        assert found.order is not None
        assert found.state is None
