"""LIF-3: suspended past the end of its term or trial, a subscription can be left."""

from datetime import timedelta

import pytest

from domain.policy import PACKS
from tests.support.instants import DAY, TICK, instant
from tests.support.simulated.life import ALife, Facts, an_order, told

END = "2026-02-15T09:00:00Z"
"""The end of the first term of an order on 2026-01-15."""


def past_its_end(offer: Facts | None = None, policy: str = "csp-2019") -> ALife:
    """Suspended over the end of its first term or trial, with auto-renew on."""
    life = ALife(an_order(offer, policy=policy))
    life.ask("2026-01-25", "suspend")
    if policy == "nce-2022":
        life.ask("2026-01-26", "set_auto_renew", enabled=True)
    return life.until("2026-02-20")


@pytest.mark.parametrize("policy", sorted(PACKS))
def test_lif_3_a_licence_past_its_terms_end_is_cancelled_at_once(policy: str) -> None:
    life = past_its_end(policy=policy)
    rows = life.rows
    answer = life.ask("2026-02-20", "cancel")
    assert told(answer) == "cancelled CXL-8"
    assert answer.effective_at == life.now
    assert answer.message == (
        "The subscription ends now: its term ended at 2026-02-15T09:00:00Z, while it was suspended. "
        "Nothing is charged or credited."
    )
    assert life.events[-1] == "cancelled@2026-02-20T00:00:00Z CXL-8"
    assert (life.state, life.subscription.auto_renew, life.rows, life.timeline) == ("cancelled", True, rows, [])
    assert (life.subscription.holds, life.subscription.deletes_at) == ((), None)


@pytest.mark.parametrize("policy", sorted(PACKS))
def test_lif_3_auto_renew_off_past_the_terms_end_expires_it_at_once(policy: str) -> None:
    life = past_its_end(policy=policy)
    rows, names = life.rows, life.names
    assert told(life.ask("2026-02-20", "set_auto_renew", enabled=True)) == "unchanged MON-7"
    answer = life.ask("2026-02-20", "set_auto_renew", enabled=False)
    assert told(answer) == "done REN-2"
    assert answer.effective_at == life.now
    assert answer.message.startswith("Auto-renew is off. The subscription ends now: its term ended at")
    assert life.names == [*names, "expired"]
    assert life.events[-1] == "expired@2026-02-20T00:00:00Z REN-2"
    assert (life.state, life.subscription.auto_renew, life.rows, life.timeline) == ("expired", False, rows, [])


@pytest.mark.parametrize("late", [-TICK, 0 * TICK, TICK])
def test_lif_3_from_the_terms_very_end_on(late: timedelta) -> None:
    def ask(do: str, **fields: object) -> str:
        life = ALife()
        life.ask("2026-01-25", "suspend")
        return told(life.ask(instant(END) + late, do, **fields))

    assert ask("cancel") == ("cancelled CXL-8" if late >= 0 * TICK else "cancellation_scheduled CXL-8")
    assert ask("set_auto_renew", enabled=False) == "done REN-2"


@pytest.mark.parametrize("offer", [{}, {"publisher": "microsoft"}, {"billing_type": "usage"}])
def test_lif_3_a_trial_of_any_offer_is_left_past_its_end(offer: Facts) -> None:
    life = past_its_end({**offer, "trial_days": 30})
    answer = life.ask("2026-02-20", "cancel")
    assert told(answer) == "cancelled TRI-4"
    assert "its trial ended at 2026-02-14T09:00:00Z" in answer.message
    assert (life.events[-1], life.rows) == ("cancelled@2026-02-20T00:00:00Z TRI-4", [])


@pytest.mark.parametrize("billing_type", ["license", "usage"])
def test_lif_3_auto_renew_off_past_the_trials_end_expires_it_uncharged(billing_type: str) -> None:
    life = past_its_end({"trial_days": 30, "billing_type": billing_type})
    assert told(life.ask("2026-02-20", "set_auto_renew", enabled=False)) == "done REN-2"
    assert (life.events[-1], life.rows) == ("expired@2026-02-20T00:00:00Z TRI-5", [])
    assert not life.subscription.auto_renew


def test_lif_3_a_short_trial_past_its_end_has_nothing_to_credit_in_the_window() -> None:
    """The annual window of 14 days outlasts the trial, and nothing was charged."""
    life = ALife(an_order({"trial_days": 3, "term": "P1Y", "billing_plan": "annual"}))
    life.ask("2026-01-16", "suspend")
    assert [line.split("@")[0] for line in life.timeline] == ["refund_window_closes", "delete"]
    life.until("2026-01-20")
    assert [line.split("@")[0] for line in life.timeline] == ["delete"]
    assert told(life.ask("2026-01-20", "cancel")) == "cancelled TRI-4"


def test_cxl_8_a_window_that_outlasts_the_term_credits_past_its_end_too() -> None:
    """No pack of today has one; a newer version may."""
    life = ALife()
    longer = life.subscription.policy.model_copy(update={"version": 2, "refund_window_monthly": 60 * DAY})
    life.simulator.life = life.simulator.life.with_next_policy(longer)
    life.until("2026-02-20").ask("2026-02-25", "suspend")
    life.until("2026-03-15T08:00:00Z")
    assert "refund_window_closes@2026-03-16T09:00:00Z CXL-4" in life.timeline
    assert told(life.ask("2026-03-15T10:00:00Z", "cancel")) == "cancelled_with_credit CXL-8 credit 60.00"


def test_lif_3_who_may_leave_is_who_may_cancel() -> None:
    for do, fields in (("cancel", {}), ("set_auto_renew", {"enabled": False})):
        life = past_its_end()
        assert told(life.ask("2026-02-20", do, by="publisher", **fields)) == "refused ROL-4"
        assert told(life.ask("2026-02-20", do, by="janitor", **fields)) == "refused ROL-1"
        assert told(life.ask("2026-02-20", do, by="service", **fields)).startswith(("cancelled", "done"))
        assert told(life.ask("2026-02-21", "reactivate")) == "refused LIF-1"
