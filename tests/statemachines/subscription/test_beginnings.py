"""How a life begins: BUY-4, BUY-5, BUY-6, ISV-4, ISV-5, TRI-1 to TRI-6."""

from datetime import datetime, timedelta

import pytest

from tests.support.instants import DAY, TICK, instant
from tests.support.simulated.life import LIVING, ORDERED, ALife, Facts, an_order, told

SET_UP: Facts = {"setup": "publisher"}
TRIAL: Facts = {"trial_days": 30}
TRIAL_END = "2026-02-14T09:00:00Z"
BACKUP: Facts = {"add_ons": [{"id": "backup", "unit_price": "2.50"}]}


def test_buy_4_active_and_charged_at_once() -> None:
    life = ALife(an_order(BACKUP, add_ons={"backup": 2}))
    assert life.state == "active"
    assert life.events == [f"purchased@{ORDERED} BUY-4"]
    assert life.rows == [
        "charge crm 3 30.00 term-1/period-1/charge/crm",
        "charge backup 2 5.00 term-1/period-1/charge/backup",
    ]
    assert life.access == [(ORDERED, None)]


@pytest.mark.parametrize("publisher", ["microsoft", "partner"])
def test_isv_5_an_offer_without_set_up_is_active_at_once(publisher: str) -> None:
    assert ALife(an_order({"publisher": publisher})).state == "active"


def test_isv_4_billing_and_term_start_when_the_publisher_activates() -> None:
    life = ALife(an_order(SET_UP))
    assert (life.state, life.rows, life.access, life.subscription.term) == ("pending", [], [], None)
    assert told(life.ask("2026-01-20", "activate")) == "done ISV-4 charge 30.00"
    assert life.events[1:] == ["activated@2026-01-20T00:00:00Z ISV-4"]
    assert life.until("2026-02-20").events[2:] == ["renewed@2026-02-20T00:00:00Z REN-1"]


@pytest.mark.parametrize("offset", [-TICK, 0 * TICK, TICK])
def test_isv_4_the_deadline_is_30_days_from_the_order(offset: timedelta) -> None:
    """At -1 us it can still be activated, at the deadline it is gone: milestones come first."""
    deadline = instant(ORDERED) + 30 * DAY
    life = ALife(an_order(SET_UP))
    answer = life.ask(deadline + offset, "activate")
    if offset < 0 * TICK:
        assert told(answer) == "done ISV-4 charge 30.00"
    else:
        assert told(answer) == "refused LIF-1"
        assert life.events[1:] == ["cancelled@2026-02-14T09:00:00Z ISV-4"]
        assert life.rows == []


@pytest.mark.parametrize("offer", [{}, {"publisher": "microsoft"}, {"billing_type": "usage"}])
def test_isv_4_a_pending_one_of_any_offer_can_be_cancelled(offer: Facts) -> None:
    life = ALife(an_order({**SET_UP, **offer}))
    assert told(life.ask("2026-01-16", "cancel")) == "cancelled ISV-4"
    assert (life.state, life.rows, life.access) == ("cancelled", [], [])


def test_tri_1_the_trial_follows_at_the_same_instant() -> None:
    life = ALife(an_order(TRIAL))
    assert life.events == [f"purchased@{ORDERED} BUY-4", f"trial_started@{ORDERED} TRI-1"]
    assert [event.state.value for event in life.simulator.book.events] == ["pending", "trial"]
    assert (life.rows, life.access, life.subscription.term) == ([], [(ORDERED, None)], None)


def test_tri_1_after_a_set_up_the_trial_begins_with_the_activation() -> None:
    life = ALife(an_order({**SET_UP, **TRIAL}))
    assert life.names == ["purchased"]
    assert told(life.ask("2026-01-20", "activate")) == "done ISV-4"
    assert life.names == ["purchased", "activated", "trial_started"]
    assert life.until("2026-03-01").events[3:] == ["converted@2026-02-19T00:00:00Z TRI-3"]


def test_tri_1_the_published_row() -> None:
    """Bought 06/10, free through 07/09, paid from 07/10."""
    life = ALife(an_order(TRIAL, at="2026-06-10T00:00:00Z"))
    assert life.until("2026-07-09T23:59:59.999999Z").rows == []
    assert life.until("2026-07-10").events[2:] == ["converted@2026-07-10T00:00:00Z TRI-3"]


def test_tri_3_the_first_charge_is_dated_the_trials_end() -> None:
    life = ALife(an_order(TRIAL)).until("2026-06-01")
    assert life.events[2] == f"converted@{TRIAL_END} TRI-3"
    assert life.events[3] == "renewed@2026-03-14T09:00:00Z REN-1"
    assert life.rows[0] == "charge crm 3 30.00 term-1/period-1/charge/crm"
    assert life.access == [(ORDERED, None)]


@pytest.mark.parametrize("offer", [{}, {"publisher": "microsoft"}, {"billing_type": "usage"}])
@pytest.mark.parametrize("policy", ["csp-2019", "nce-2022"])
def test_tri_4_in_trial_a_cancel_is_always_allowed(offer: Facts, policy: str) -> None:
    life = ALife(an_order({**TRIAL, **offer}, policy=policy))
    last = instant(TRIAL_END) - TICK
    assert told(life.ask(last, "cancel")) == "cancelled TRI-4"
    assert (life.state, life.rows) == ("cancelled", [])
    assert life.access == [(ORDERED, "2026-02-14T08:59:59.999999Z")]


def test_tri_4_at_the_trials_end_it_has_converted_first() -> None:
    """LIF-4. The window has run since the order (CXL-4), so the cancel is late."""
    life = ALife(an_order(TRIAL))
    assert told(life.ask(TRIAL_END, "cancel")) == "cancellation_scheduled CXL-3"
    assert life.rows == ["charge crm 3 30.00 term-1/period-1/charge/crm"]


def test_tri_5_auto_renew_off_in_trial_expires_uncharged() -> None:
    life = ALife(an_order(TRIAL))
    life.ask("2026-01-20", "set_auto_renew", enabled=False)
    assert life.until("2026-06-01").events[3:] == [f"expired@{TRIAL_END} TRI-5"]
    assert (life.rows, life.access) == ([], [(ORDERED, TRIAL_END)])


def test_tri_5_suspended_at_the_trials_end_does_not_convert() -> None:
    life = ALife(an_order(TRIAL))
    life.ask("2026-02-01", "suspend")
    assert life.until("2026-03-01").names[-1] == "suspended"
    life.ask("2026-03-02", "change_price", unit_price="99.00")
    assert told(life.ask("2026-03-03T12:00:00Z", "reactivate")) == "reactivated_new_term SUS-7 charge 30.00"
    assert life.subscription.term is not None
    assert life.subscription.term.number == 1
    assert life.until("2026-04-03T12:00:00Z").rows[1:] == ["charge crm 3 297.00 term-2/period-1/charge/crm"]


@pytest.mark.parametrize("offer", [TRIAL, SET_UP])
def test_tri_6_quantity_and_add_ons_are_frozen_and_auto_renew_is_not(offer: Facts) -> None:
    life = ALife(an_order({**offer, **BACKUP}))
    assert told(life.ask("2026-01-16", "change_quantity", quantity=5)) == "refused LIF-1"
    assert told(life.ask("2026-01-16", "set_add_on", add_on="backup", quantity=1)) == "refused LIF-1"
    assert told(life.ask("2026-01-16", "set_auto_renew", enabled=False)) == "done REN-2"
    assert told(life.ask("2026-01-16", "set_auto_renew", enabled=True)) == "done REN-2"


def test_tri_2_no_command_waives_shortens_or_extends_it() -> None:
    """Whatever is asked and refused or done in trial, it ends when it always did."""
    life = ALife(an_order(TRIAL))
    for do, fields in (
        ("activate", {}),
        ("reactivate", {}),
        ("change_price", {"unit_price": "1.00"}),
        ("suspend", {}),
        ("reactivate", {}),
    ):
        life.ask("2026-01-20", do, **fields)
    assert life.until("2026-02-14T09:00:00Z").events[-1] == f"converted@{TRIAL_END} TRI-3"


@pytest.mark.parametrize("offer", [TRIAL, SET_UP])
def test_buy_5_a_trial_or_set_up_keeps_the_ordered_price_for_its_first_term(offer: Facts) -> None:
    life = ALife(an_order(offer))
    assert told(life.ask("2026-01-16", "change_price", unit_price="12.00")) == "done BUY-5"
    if offer is SET_UP:
        life.ask("2026-02-14T08:00:00Z", "activate")
    life.until("2026-03-15")
    assert [row.split()[3] for row in life.rows] == ["30.00", "36.00"]


BEGINS = "2026-02-01T00:00:00Z"


def later(offer: Facts | None = None, begins_at: str = BEGINS, **order: object) -> ALife:
    """A life that was ordered on January 15 to begin later."""
    return ALife(an_order(offer, begins_at=begins_at, **order))


def test_buy_6_it_is_pending_until_its_instant_and_term_and_anchor_count_from_there() -> None:
    life = later(BACKUP, add_ons={"backup": 2})
    assert (life.state, life.rows, life.access) == ("pending", [], [])
    assert life.timeline[-1] == f"begin@{BEGINS} BUY-6"
    assert life.until(instant(BEGINS) - TICK).state == "pending"
    life.until(BEGINS)
    assert life.events == [f"purchased@{ORDERED} BUY-4", f"begun@{BEGINS} BUY-6"]
    assert [row.split(" term-1")[0] for row in life.rows] == ["charge crm 3 30.00", "charge backup 2 5.00"]
    assert life.access == [(BEGINS, None)]
    assert life.subscription.anchor == instant(BEGINS)
    assert life.until("2026-03-01").events[-1] == "renewed@2026-03-01T00:00:00Z REN-1"


def test_buy_6_its_trial_starts_then() -> None:
    life = later(TRIAL)
    assert life.state == "pending"
    life.until("2026-03-03")
    assert life.events[1:] == [
        f"begun@{BEGINS} BUY-6",
        f"trial_started@{BEGINS} TRI-1",
        "converted@2026-03-03T00:00:00Z TRI-3",
    ]


@pytest.mark.parametrize("trial", [{}, TRIAL])
def test_buy_6_it_can_be_cancelled_free_of_charge_until_then(trial: Facts) -> None:
    life = later(trial)
    answer = life.ask(instant(BEGINS) - TICK, "cancel")
    assert (told(answer), answer.message) == ("cancelled ISV-4", "Cancelled before it began. Nothing was charged.")
    assert (life.until("2026-03-01").rows, life.access) == ([], [])


def test_buy_6_at_its_instant_it_begins_before_a_command() -> None:
    """LIF-4."""
    life = later()
    assert told(life.ask(BEGINS, "change_quantity", quantity=4)).startswith("done MON-4")
    assert life.names == ["purchased", "begun", "quantity_changed"]


@pytest.mark.parametrize("offset", [-TICK, 0 * TICK, TICK])
def test_buy_6_the_activation_deadline_counts_from_its_instant(offset: timedelta) -> None:
    life = later(SET_UP)
    deadline = instant(BEGINS) + 30 * DAY
    assert life.timeline[-1] == "activation_deadline@2026-03-03T00:00:00Z ISV-4"
    expected = "done ISV-4 charge 30.00" if offset < 0 * TICK else "refused LIF-1"
    assert told(life.ask(deadline + offset, "activate")) == expected


@pytest.mark.parametrize(("offer", "then"), [({}, ["begun"]), (TRIAL, ["begun", "trial_started"])])
def test_buy_6_activated_before_it_waits_until_it_begins(offer: Facts, then: list[str]) -> None:
    life = later({**SET_UP, **offer})
    answer = life.ask("2026-01-20", "activate")
    assert (told(answer), life.state, life.rows) == ("done ISV-4", "pending", [])
    assert answer.message == f"Activated by the publisher. It begins at {BEGINS}."
    assert life.timeline[-1] == f"begin@{BEGINS} BUY-6"
    assert told(life.ask("2026-01-21", "activate")) == "unchanged MON-7"
    assert "activate" not in LIVING.lifecycle.allowed(life.subscription, life.now)
    assert life.until(BEGINS).names == ["purchased", "activated", *then]


@pytest.mark.parametrize(("offer", "then"), [({}, ["activated"]), (TRIAL, ["activated", "trial_started"])])
@pytest.mark.parametrize("late", [0 * TICK, TICK, 3 * DAY])
def test_buy_6_activated_then_or_after_it_begins_by_that(offer: Facts, then: list[str], late: timedelta) -> None:
    life = later({**SET_UP, **offer})
    at = instant(BEGINS) + late
    assert told(life.ask(at, "activate")).startswith("done ISV-4")
    assert life.names == ["purchased", *then]
    started = life.subscription.term.start if life.subscription.term else life.subscription.trial_end
    assert started == (at if not offer else at + 30 * DAY)


def test_buy_6_the_first_term_keeps_the_ordered_price_and_auto_renew_can_be_off() -> None:
    """BUY-5, TRI-6, REN-2."""
    life = later()
    life.ask("2026-01-20", "change_price", unit_price="12.00")
    life.ask("2026-01-21", "set_auto_renew", enabled=False)
    assert told(life.ask("2026-01-22", "change_quantity", quantity=4, when="renewal")) == "refused TRI-6"
    assert life.until("2026-03-01").names[2:] == ["auto_renew_changed", "begun", "expired"]
    assert [row.split(" term-1")[0] for row in life.rows] == ["charge crm 3 30.00"]


def test_buy_6_the_refund_window_is_that_of_the_order() -> None:
    """CXL-4."""
    life = later(begins_at="2026-01-15T21:00:00Z")
    assert told(life.ask("2026-01-16T08:59:59.999999Z", "cancel")) == "cancelled_with_credit CXL-2 credit 30.00"
    late = later()
    assert told(late.ask("2026-02-01T01:00:00Z", "cancel")) == "cancellation_scheduled CXL-3"


def test_buy_6_usage_is_taken_from_then_on() -> None:
    """USE-1."""
    life = later({"billing_type": "usage", "unit_price": "0.25"})
    assert told(life.ask("2026-01-20", "report_usage", units=1)) == "refused USE-1"
    assert told(life.ask("2026-02-02", "report_usage", units=1, used_at="2026-01-31T00:00:00Z")) == "refused USE-1"
    assert told(life.ask("2026-02-02", "report_usage", units=1, used_at=BEGINS)) == "done CXL-6"


@pytest.mark.parametrize(
    ("begins_at", "is_taken"),
    [
        (instant(ORDERED) - TICK, False),
        (instant(ORDERED), True),
        (instant(ORDERED) + 90 * DAY, True),
        (instant(ORDERED) + 90 * DAY + TICK, False),
        (instant(ORDERED) + 91 * DAY, False),
    ],
)
def test_buy_6_from_the_order_on_90_days_ahead_at_most(begins_at: datetime, is_taken: bool) -> None:
    faults = [str(fault) for fault in an_order(begins_at=begins_at.isoformat()).faults()]
    assert is_taken == (faults == [])
    if faults:
        assert faults[0].endswith(
            "takes an instant from the order (2026-01-15T09:00:00Z) on, 90 days ahead at most: 2026-04-15T09:00:00Z"
        )


def test_buy_6_at_the_order_s_own_instant_it_begins_at_once() -> None:
    life = later(begins_at=ORDERED)
    assert (life.names, life.state) == (["purchased"], "active")
