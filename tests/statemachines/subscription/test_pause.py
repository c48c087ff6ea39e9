"""The planned pause: SUS-11."""

from datetime import timedelta

import pytest

from statemachines.subscription.lifecycle import Lifecycle
from statemachines.subscription.narrative import headline
from statemachines.subscription.timeline import timeline
from tests.support.instants import DAY, TICK, instant
from tests.support.simulated.life import ORDERED, ALife, Facts, an_order, told

PAUSED, UNTIL = "2026-01-20T06:00:00Z", "2026-02-03T12:00:00Z"
YEAR: Facts = {"term": "P1Y"}
USAGE: Facts = {"billing_type": "usage", "unit_price": "0.25", "term": "P1Y"}


def paused(offer: Facts | None = YEAR, until: str = UNTIL, **order: object) -> ALife:
    """A life that was paused five days after the order: a year, billed monthly."""
    life = ALife(an_order(offer, **order))
    assert told(life.ask(PAUSED, "suspend", until=until)) == "done SUS-1"
    return life


def test_sus_11_a_pause_ends_by_itself_and_charges_the_rest_of_an_unpaid_period() -> None:
    life = paused(until="2026-03-01T12:00:00Z")
    assert life.timeline[0] == "resume@2026-03-01T12:00:00Z SUS-11"
    life.until("2026-03-02")
    assert life.events[-1] == "reactivated@2026-03-01T12:00:00Z SUS-11"
    assert life.state == "active"
    assert [str(row.amount) for row in life.simulator.book.rows[1:]] == ["15.00"]  # 14 of the 28 days from Feb 15
    assert life.access == [(ORDERED, PAUSED), ("2026-03-01T12:00:00Z", None)]


def test_sus_11_a_paid_period_is_not_charged_again() -> None:
    life = paused().until(UNTIL)
    assert life.events[-1] == f"reactivated@{UNTIL} SUS-11"
    assert len(life.rows) == 1


@pytest.mark.parametrize("early", [TICK, timedelta(0)])
def test_sus_11_not_a_microsecond_before(early: timedelta) -> None:
    life = paused().until(instant(UNTIL) - early)
    assert life.state == ("suspended" if early else "active")


def test_sus_11_a_pause_starts_no_deletion_clock() -> None:
    life = paused()
    answer = life.simulator.answers[-1]
    assert (answer.ends_at, answer.deletes_at) == (None, None)
    assert life.subscription.deletes_at is None
    assert answer.message == f"Suspended until {UNTIL}."
    assert not any("delete" in shown for shown in life.timeline)


def test_sus_11_the_end_of_the_pause_is_the_next_milestone_with_its_money() -> None:
    life = paused(until="2026-03-01T12:00:00Z")
    assert life.timeline == ["resume@2026-03-01T12:00:00Z SUS-11"]
    subscription = life.subscription
    shown = timeline(subscription, subscription.last_at)
    assert [headline(Lifecycle(), subscription, each) for each in shown] == ["Pause ends: charge USD 15.00"]


@pytest.mark.parametrize(
    ("until", "outcome"),
    [
        (instant(PAUSED) - TICK, "refused SUS-11"),
        (instant(PAUSED), "refused SUS-11"),
        (instant(PAUSED) + TICK, "done SUS-1"),
        (instant(PAUSED) + 90 * DAY, "done SUS-1"),
        (instant(PAUSED) + 90 * DAY + TICK, "refused SUS-11"),
    ],
)
def test_sus_11_a_pause_ends_in_the_future_within_the_policys_longest(until: object, outcome: str) -> None:
    life = ALife(an_order(YEAR))
    answer = life.ask(PAUSED, "suspend", until=until)
    assert told(answer) == outcome
    if answer.refused:
        assert answer.message.startswith("until: got ")
        assert "up to 2026-04-20T06:00:00Z: a pause lasts 90 days at most." in answer.message


def test_sus_11_the_policy_says_how_long() -> None:
    life = ALife(an_order(YEAR))
    pack = life.subscription.policy.model_copy(update={"longest_pause": timedelta(days=10)})
    living = life.simulator.life
    life.simulator.life = living.model_copy(
        update={"subscription": living.subscription.model_copy(update={"policy": pack})}
    )
    assert told(life.ask(PAUSED, "suspend", until=instant(PAUSED) + 10 * DAY + TICK)) == "refused SUS-11"
    assert told(life.ask(PAUSED, "suspend", until=instant(PAUSED) + 10 * DAY)) == "done SUS-1"


@pytest.mark.parametrize("reason", ["nonpayment", "fraud"])
def test_sus_11_only_the_customer_plans_a_pause(reason: str) -> None:
    life = ALife(an_order(YEAR))
    answer = life.ask(PAUSED, "suspend", reason=reason, until=UNTIL)
    assert told(answer) == "refused SUS-11"
    assert answer.message == (f"until: got {UNTIL}; only a suspension for customer_request takes it, not for {reason}.")


def test_sus_11_another_until_replaces_it_and_counts_from_its_beginning() -> None:
    life = paused()
    assert told(life.ask("2026-01-21", "suspend", until=UNTIL)) == "unchanged MON-7"
    assert told(life.ask("2026-01-21", "suspend")) == "unchanged MON-7"
    assert told(life.ask("2026-01-22", "suspend", until=instant(PAUSED) + 90 * DAY)) == "done SUS-1"
    assert told(life.ask("2026-02-10", "suspend", until=instant(PAUSED) + 90 * DAY + TICK)) == "refused SUS-11"
    assert told(life.ask("2026-02-10", "suspend", until="2026-02-11T00:00:00Z")) == "done SUS-1"
    assert life.until("2026-02-11").events[-1] == "reactivated@2026-02-11T00:00:00Z SUS-11"


def test_sus_11_a_hold_of_the_customers_becomes_a_pause() -> None:
    life = ALife(an_order(YEAR))
    life.ask(PAUSED, "suspend")
    assert life.subscription.deletes_at == instant(PAUSED) + 90 * DAY
    answer = life.ask("2026-02-01", "suspend", until="2026-02-20T00:00:00Z")
    assert (told(answer), answer.deletes_at) == ("done SUS-1", None)
    assert life.until("2026-02-20").state == "active"


def test_sus_11_other_holds_keep_it_suspended() -> None:
    life = paused()
    answer = life.ask("2026-01-25", "suspend", reason="nonpayment", by="system")
    assert answer.deletes_at == instant("2026-01-25") + 90 * DAY
    life.until(UNTIL)
    assert life.events[-1] == f"hold_lifted@{UNTIL} SUS-11"
    assert life.state == "suspended"
    assert life.subscription.deletes_at == instant("2026-01-25") + 90 * DAY
    assert told(life.ask("2026-02-04", "reactivate")) == "done SUS-5"


def test_sus_11_a_payment_leaves_the_pause_without_a_deletion_clock() -> None:
    life = paused()
    life.ask("2026-01-25", "suspend", reason="nonpayment", by="system")
    assert told(life.ask("2026-01-26", "reactivate", reason="nonpayment", by="system")) == "done SUS-9"
    assert life.subscription.deletes_at is None
    assert life.until(UNTIL).events[-1] == f"reactivated@{UNTIL} SUS-11"


def test_sus_11_nothing_is_deleted_before_the_pause_ends() -> None:
    life = paused(until="2026-04-10T00:00:00Z", policy="saas-fulfillment-v2")
    answer = life.ask("2026-01-25", "suspend", reason="nonpayment")
    assert answer.deletes_at == instant("2026-04-10")  # 30 days of retention end on Feb 24
    assert life.timeline[-2:] == ["resume@2026-04-10T00:00:00Z SUS-11", "delete@2026-04-10T00:00:00Z SUS-3"]
    assert life.until("2026-04-10").events[-2:] == [
        "hold_lifted@2026-04-10T00:00:00Z SUS-11",
        "deleted@2026-04-10T00:00:00Z SUS-3",
    ]


def test_sus_11_the_clock_of_a_pause_placed_later_runs_from_the_other_hold() -> None:
    life = ALife(an_order(YEAR, policy="saas-fulfillment-v2"))
    life.ask(PAUSED, "suspend", reason="nonpayment")
    life.ask("2026-01-25", "suspend", until="2026-02-10T00:00:00Z")
    assert life.subscription.deletes_at == instant(PAUSED) + 30 * DAY
    life.ask("2026-01-26", "suspend", until="2026-04-01T00:00:00Z")
    assert life.subscription.deletes_at == instant("2026-04-01")
    life.ask("2026-01-27", "suspend", until="2026-02-01T00:00:00Z")
    assert life.subscription.deletes_at == instant(PAUSED) + 30 * DAY


def test_sus_11_a_pause_in_place_of_the_first_hold_leaves_the_clock_of_the_first_other_one() -> None:
    life = ALife(an_order(YEAR))
    life.ask(PAUSED, "suspend")
    life.ask("2026-01-22", "suspend", reason="nonpayment")
    life.ask("2026-01-27", "suspend", reason="fraud")
    life.ask("2026-02-01", "suspend", until="2026-02-10T00:00:00Z")
    assert life.subscription.deletes_at == instant("2026-01-22") + 90 * DAY


def test_sus_11_it_is_ended_earlier_by_hand() -> None:
    life = paused()
    assert told(life.ask("2026-01-25", "reactivate")) == "done SUS-5"
    assert life.until("2026-02-10").events[-1] == "reactivated@2026-01-25T00:00:00Z SUS-5"


def test_sus_11_past_the_end_of_the_term_a_new_one_begins_at_the_catalogs_price() -> None:
    life = paused({"term": "P1M"}, until="2026-03-01T00:00:00Z")
    life.ask("2026-01-21", "change_price", unit_price="12.00", by="system")
    subscription = life.subscription
    shown = timeline(subscription, subscription.last_at)[0]
    assert headline(Lifecycle(), subscription, shown) == "Pause ends: charge USD 36.00"
    assert "a new term begins at 12.00 USD a unit" in shown.why
    life.until("2026-03-01")
    assert life.events[-1] == "reactivated@2026-03-01T00:00:00Z SUS-11"
    assert str(life.simulator.book.rows[-1].amount) == "36.00"
    assert life.subscription.anchor == instant("2026-03-01")


@pytest.mark.parametrize("early", [TICK, timedelta(0), -TICK])
def test_sus_11_at_the_end_of_the_term_it_renews_with_its_anchor(early: timedelta) -> None:
    end = "2026-02-15T09:00:00Z"
    life = paused({"term": "P1M"}, until=(instant(end) - early).isoformat())
    life.until("2026-02-16")
    if early >= timedelta(0):
        assert [each.split("@")[0] for each in life.events[-2:]] == ["reactivated", "renewed"]
        assert life.subscription.anchor == instant(ORDERED)
    else:
        assert life.events[-1] == "reactivated@2026-02-15T09:00:00.000001Z SUS-11"
        assert life.subscription.anchor == instant(end) + TICK
    assert len(life.rows) == 2


def test_sus_11_without_auto_renew_it_expires_with_its_term() -> None:
    end = "2026-02-15T09:00:00Z"
    life = paused({"term": "P1M"}, until="2026-03-01T00:00:00Z")
    life.ask("2026-01-21", "set_auto_renew", enabled=False)
    assert life.timeline[-1] == f"expire@{end} REN-2"
    assert not any("resume" in each for each in life.timeline)
    assert life.until("2026-03-02").events[-1] == f"expired@{end} REN-2"


def test_sus_11_exactly_at_the_end_without_auto_renew_it_resumes_and_expires() -> None:
    end = "2026-02-15T09:00:00Z"
    life = paused({"term": "P1M"}, until=end)
    life.ask("2026-01-21", "set_auto_renew", enabled=False)
    assert life.until(end).events[-2:] == [f"reactivated@{end} SUS-11", f"expired@{end} REN-2"]


def test_sus_11_nce_turns_auto_renew_off_as_ever() -> None:
    life = paused(policy="nce-2022")
    assert not life.subscription.auto_renew
    answer = life.simulator.answers[-1]
    assert answer.ends_at == instant("2027-01-15T09:00:00Z")
    assert life.until(UNTIL).state == "active"


def test_sus_11_a_trials_clock_runs_on() -> None:
    life = paused({"trial_days": 30, "term": "P1M"})
    assert life.timeline == [f"resume@{UNTIL} SUS-11"]
    life.until(UNTIL)
    assert (life.state, life.events[-1]) == ("trial", f"reactivated@{UNTIL} SUS-11")


@pytest.mark.parametrize("late", [timedelta(0), DAY])
def test_sus_11_past_the_end_of_the_trial_the_paid_term_begins(late: timedelta) -> None:
    until = (instant("2026-02-14T09:00:00Z") + late).isoformat()
    life = paused({"trial_days": 30, "term": "P1M"}, until=until).until("2026-02-20")
    assert life.state == "active"
    assert life.subscription.term
    assert life.subscription.term.start == instant(until)
    assert [str(row.amount) for row in life.simulator.book.rows] == ["30.00"]


def test_sus_11_a_trial_without_auto_renew_expires_at_its_end_though_its_pause_ends_then() -> None:
    end = "2026-02-14T09:00:00Z"
    life = paused({"trial_days": 30, "term": "P1M"}, until=end)
    life.ask("2026-01-21", "set_auto_renew", enabled=False)
    assert life.until(end).events[-1] == f"expired@{end} TRI-5"
    assert life.rows == []


def test_sus_11_usage_of_before_is_billed_at_its_periods_end() -> None:
    life = ALife(an_order(USAGE))
    life.ask("2026-01-19", "report_usage", units="100", usage_id="u-1")
    life.ask(PAUSED, "suspend", until="2026-03-01T00:00:00Z")
    life.until("2026-03-20")
    assert life.events[-3:] == [
        "period_charged@2026-02-15T09:00:00Z MON-3",
        "reactivated@2026-03-01T00:00:00Z SUS-11",
        "period_charged@2026-03-15T09:00:00Z MON-3",
    ]
    assert [str(row.amount) for row in life.simulator.book.rows] == ["25.00"]


def test_sus_11_usage_of_the_last_period_is_part_of_the_renewal_at_the_pauses_end() -> None:
    end = "2026-02-15T09:00:00Z"
    life = ALife(an_order({**USAGE, "term": "P1M"}))
    life.ask("2026-01-19", "report_usage", units="100", usage_id="u-1")
    life.ask(PAUSED, "suspend", until=end)
    assert life.until(end).events[-2:] == [f"reactivated@{end} SUS-11", f"renewed@{end} REN-1"]
    assert [str(row.amount) for row in life.simulator.book.rows] == ["25.00"]
