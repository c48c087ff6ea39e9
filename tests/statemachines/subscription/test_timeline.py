"""The timeline: the next milestone of each kind, soonest first, with its rule and why (invariant 9)."""

from datetime import timedelta

import pytest

from statemachines.subscription.timeline import next_milestone, timeline, wakes_at
from tests.support.instants import TICK, instant
from tests.support.simulated.life import ORDERED, ALife, Facts, an_order

YEAR: Facts = {"term": "P1Y"}
CLOSES = "refund_window_closes@2026-01-16T09:00:00Z CXL-4"


def test_pending() -> None:
    life = ALife(an_order({"setup": "publisher"}))
    assert life.timeline == [CLOSES, "activation_deadline@2026-02-14T09:00:00Z ISV-4"]


def test_trial() -> None:
    life = ALife(an_order({"trial_days": 30}))
    assert life.until("2026-01-17").timeline == ["trial_end@2026-02-14T09:00:00Z TRI-3"]


def test_trial_that_will_expire() -> None:
    life = ALife(an_order({"trial_days": 30}))
    life.ask("2026-01-17", "set_auto_renew", enabled=False)
    assert life.timeline == ["expire@2026-02-14T09:00:00Z TRI-5"]


def test_active_the_next_of_each_kind() -> None:
    assert ALife(an_order(YEAR)).timeline == [
        CLOSES,
        "charge_period@2026-02-15T09:00:00Z MON-3",
        "renew@2027-01-15T09:00:00Z REN-1",
    ]


def test_the_last_period_of_a_term_shows_its_renewal_only() -> None:
    life = ALife(an_order(YEAR)).until("2026-12-15T09:00:00Z")
    assert life.timeline == ["renew@2027-01-15T09:00:00Z REN-1"]


@pytest.mark.parametrize(("late", "shown"), [(-TICK, True), (0 * TICK, False)])
def test_the_refund_window_is_shown_while_it_is_open_and_never_slept_to(late: object, shown: bool) -> None:
    assert isinstance(late, type(TICK))
    life = ALife()
    milestones = timeline(life.subscription, instant("2026-01-16T09:00:00Z") + late)
    assert ("refund_window_closes" in [m.what for m in milestones]) == shown
    slept_to = next_milestone(life.subscription)
    assert slept_to is not None
    assert slept_to.what == "renew"


@pytest.mark.parametrize("offer", [{"publisher": "microsoft"}, {"billing_type": "usage"}])
def test_cxl_1_an_offer_that_is_not_cancelled_for_credit_shows_no_window(offer: Facts) -> None:
    assert ALife(an_order(offer)).timeline == ["renew@2026-02-15T09:00:00Z REN-1"]


def test_section_11_under_nce_the_window_shows_again_after_a_renewal() -> None:
    life = ALife(an_order(policy="nce-2022")).until("2026-02-15T09:00:00Z")
    assert life.timeline[0] == "refund_window_closes@2026-02-22T09:00:00Z CXL-4"


def test_scheduled_cancellation_and_auto_renew_off_are_told_apart() -> None:
    off, scheduled = ALife(), ALife()
    off.ask("2026-01-20", "set_auto_renew", enabled=False)
    scheduled.ask("2026-01-20", "cancel")
    assert off.timeline == ["expire@2026-02-15T09:00:00Z REN-2"]
    assert scheduled.timeline == ["expire@2026-02-15T09:00:00Z CXL-3"]
    reasons = [timeline(life.subscription, life.now)[0].why for life in (off, scheduled)]
    assert reasons == ["the term ends and auto-renew is off", "the term ends and a cancellation is scheduled"]


def test_suspended_the_deletion_and_no_renewal() -> None:
    life = ALife(an_order(YEAR))
    life.ask("2026-01-20", "suspend")
    assert life.timeline == ["delete@2026-04-20T00:00:00Z SUS-3"]


def test_suspended_under_nce_its_charges_show() -> None:
    life = ALife(an_order(YEAR, policy="nce-2022"))
    life.ask("2026-01-30", "suspend")
    assert life.timeline == [
        "charge_period@2026-02-15T09:00:00Z MON-3",
        "delete@2026-04-30T00:00:00Z SUS-3",
    ]


def test_sus_10_suspended_with_usage_left_its_bill_shows() -> None:
    life = ALife(an_order({"billing_type": "usage"}))
    life.ask("2026-01-20", "report_usage", units=1)
    life.ask("2026-01-21", "suspend")
    assert life.timeline == ["charge_period@2026-02-15T09:00:00Z MON-3", "delete@2026-04-21T00:00:00Z SUS-3"]


def test_renewals_and_charges_may_be_decided_later_and_nothing_else() -> None:
    late = timedelta(minutes=5)
    renews, trial, off = ALife(), ALife(an_order({"trial_days": 30})), ALife()
    off.ask("2026-01-20", "set_auto_renew", enabled=False)
    assert wakes_at(renews.subscription, late) == instant("2026-02-15T09:05:00Z")
    assert wakes_at(renews.subscription, timedelta(0)) == instant("2026-02-15T09:00:00Z")
    for life in (trial, off):
        milestone = next_milestone(life.subscription)
        assert milestone is not None
        assert wakes_at(life.subscription, late) == milestone.at


def test_sus_3_a_late_charge_does_not_delay_the_deletion() -> None:
    life = ALife(an_order(YEAR, policy="nce-2022"))
    life.ask("2026-01-30", "suspend")
    assert wakes_at(life.subscription, timedelta(days=100)) == instant("2026-04-30T00:00:00Z")


def test_ended_nothing_is_to_come() -> None:
    life = ALife()
    life.ask(ORDERED, "cancel")
    assert life.timeline == []
    assert next_milestone(life.subscription) is None


def test_buy_5_the_price_that_a_renewal_will_take_is_named_before() -> None:
    life = ALife()
    life.ask("2026-01-20", "change_price", unit_price="12.5")
    (renewal,) = timeline(life.subscription, life.now)
    assert renewal.why == "a new term of P1M begins at 12.50 USD a unit"
    life.ask("2026-01-21", "change_price", unit_price="0.894045")
    assert timeline(life.subscription, life.now)[0].why.endswith("begins at 0.894045 USD a unit"), "MON-12: unrounded"
    in_trial = ALife(an_order({"trial_days": 30, "currency": "JPY", "unit_price": "980"}))
    in_trial.ask("2026-01-20", "change_price", unit_price="1000")
    (conversion,) = timeline(in_trial.subscription, in_trial.now)
    assert conversion.why == "the trial ends and the paid term begins at 980 JPY a unit"
