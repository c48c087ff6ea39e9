"""LIF-4, TIM-5: what happens at one and the same instant, and in which order."""

import pytest

from tests.support.simulated.life import ORDERED, ALife, Facts, an_order, told

TERM_END = "2026-02-15T09:00:00Z"


def test_milestones_before_commands() -> None:
    life = ALife()
    assert told(life.ask(TERM_END, "suspend")) == "done SUS-1"
    assert life.names == ["purchased", "renewed", "suspended"]
    assert len(life.rows) == 2


def test_the_commands_keep_their_order() -> None:
    life = ALife()
    life.ask("2026-01-16", "suspend")
    life.ask("2026-01-16", "reactivate")
    assert life.names == ["purchased", "suspended", "reactivated"]


def test_trial_end_before_deletion() -> None:
    """Thirty days of trial and thirty of retention, both from the order."""
    life = ALife(an_order({"trial_days": 30}, policy="saas-fulfillment-v2"))
    life.ask(ORDERED, "set_auto_renew", enabled=False)
    life.ask(ORDERED, "suspend")
    assert life.timeline[1:] == ["expire@2026-02-14T09:00:00Z TRI-5"], "SUS-4: at one instant the expiry alone"
    assert life.until("2026-03-01").names[-1] == "expired"


def test_period_before_renewal_and_expiry_before_deletion() -> None:
    """31 days from 2026-01-16 to 02-15 and 30 days' retention: the usage of the last period is billed, then deleted."""
    offer: Facts = {"billing_type": "usage"}
    life = ALife(an_order(offer, policy="saas-fulfillment-v2"))
    life.ask("2026-01-16", "report_usage", units=1)
    life.ask("2026-01-16T09:00:00Z", "suspend")
    assert life.timeline == [f"charge_period@{TERM_END} MON-3", f"delete@{TERM_END} SUS-3"]
    life.until("2026-03-01")
    assert life.events[2:] == [f"period_charged@{TERM_END} MON-3", f"deleted@{TERM_END} SUS-3"]
    assert life.rows == ["charge crm 1 10.00 term-1/period-1/charge/crm"]


@pytest.mark.parametrize("do", ["suspend", "cancel"])
def test_access_of_no_length_is_not_kept(do: str) -> None:
    life = ALife()
    life.ask(ORDERED, do)
    assert life.access == []


def test_tim_5_a_command_is_dated_when_it_was_accepted_and_milestones_when_they_were_due() -> None:
    """Nothing was awake for three months: the charges are dated right, one each, and the command comes after them."""
    life = ALife()
    life.ask("2026-04-20T01:02:03Z", "suspend")
    assert life.events == [
        f"purchased@{ORDERED} BUY-4",
        "renewed@2026-02-15T09:00:00Z REN-1",
        "renewed@2026-03-15T09:00:00Z REN-1",
        "renewed@2026-04-15T09:00:00Z REN-1",
        "suspended@2026-04-20T01:02:03Z SUS-1",
    ]
