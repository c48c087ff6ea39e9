"""Suspension: SUS-1 to SUS-10, ROL-2."""

from datetime import timedelta

import pytest

from domain.subscription.decision import Answer
from statemachines.subscription.documents import instant_document
from tests.support.instants import DAY, TICK, instant
from tests.support.simulated.life import ORDERED, ALife, Facts, an_order, told

SUSPENDED = "2026-01-20T06:00:00.000007Z"
TRIAL: Facts = {"trial_days": 30}
YEAR: Facts = {"term": "P1Y"}
USAGE: Facts = {"billing_type": "usage", "unit_price": "0.25"}
BACKUP: Facts = {"add_ons": [{"id": "backup", "unit_price": "2.80"}]}


def suspended(
    offer: Facts | None = None, at: str = SUSPENDED, reason: str = "customer_request", **order: object
) -> ALife:
    """A life that was suspended five days after the order."""
    life = ALife(an_order(offer, **order))
    assert told(life.ask(at, "suspend", reason=reason)) == "done SUS-1"
    return life


def test_sus_2_users_lose_access_and_get_it_back() -> None:
    life = suspended(BACKUP, add_ons={"backup": 2})
    life.ask("2026-01-25", "reactivate")
    assert life.access == [(ORDERED, SUSPENDED), ("2026-01-25T00:00:00Z", None)]
    assert life.subscription.add_ons == {"backup": 2}


@pytest.mark.parametrize(("free", "kept"), [(0, 90), (14, 104), (30, 120), (45, 120)])
def test_sus_3_the_date_of_deletion(free: int, kept: int) -> None:
    opened = instant(ORDERED) - free * DAY
    life = suspended(account_opened=opened.isoformat())
    assert life.subscription.deletes_at == instant(SUSPENDED) + kept * DAY


def test_sus_3_a_trials_days_are_free_days() -> None:
    life = suspended(TRIAL)
    assert life.subscription.deletes_at == instant(SUSPENDED) + 120 * DAY


def test_sus_4_the_date_shown_is_the_instant_of_deletion() -> None:
    life = suspended()
    shown = life.timeline[-1]
    assert shown == "delete@2026-04-20T06:00:00.000007Z SUS-3"
    assert "2026-04-20T06:00:00.000007Z" in life.simulator.answers[0].message
    assert life.until("2027-01-01").events[-1] == "deleted@2026-04-20T06:00:00.000007Z SUS-3"
    assert life.subscription.deletes_at is None


def told_end(answer: Answer) -> tuple[str | None, str | None]:
    """The answer's `ends_at` and `deletes_at`."""
    return instant_document(answer.ends_at), instant_document(answer.deletes_at)


def test_sus_4_with_auto_renew_on_the_deletion_is_told_and_no_renewal() -> None:
    life = ALife()
    answer = life.ask("2026-01-20", "suspend")
    assert told_end(answer) == (None, "2026-04-20T00:00:00Z")
    assert answer.message == (
        "Suspended. All data is deleted at 2026-04-20T00:00:00Z unless it is reactivated before; "
        "it does not renew meanwhile."
    )
    assert told_end(life.ask("2026-01-21", "reactivate")) == (None, None)


@pytest.mark.parametrize("do", ["cancel", "set_auto_renew"])
def test_sus_4_an_expiry_that_comes_first_is_told_alone(do: str) -> None:
    life = ALife()
    life.ask("2026-01-18", do, **({} if do == "cancel" else {"enabled": False}))
    answer = life.ask("2026-01-20", "suspend")
    assert told_end(answer) == ("2026-02-15T09:00:00Z", None)
    assert answer.message == "Suspended. Auto-renew is off. It expires with its term, at 2026-02-15T09:00:00Z."
    assert told_end(life.ask("2026-01-21", "suspend", reason="fraud")) == ("2026-02-15T09:00:00Z", None)
    assert [entry.split("@")[0] for entry in life.timeline] == ["expire"]


def test_sus_4_a_deletion_that_comes_first_is_told_alone() -> None:
    life = ALife(an_order(YEAR))
    life.ask("2026-02-01", "cancel")
    answer = life.ask("2026-02-02", "suspend")
    assert told_end(answer) == (None, "2026-05-03T00:00:00Z")
    assert answer.message == (
        "Suspended. Auto-renew is off. All data is deleted at 2026-05-03T00:00:00Z unless it is reactivated before."
    )


def test_sus_4_what_the_suspension_changed_is_told() -> None:
    answer = ALife(an_order(policy="nce-2022")).ask("2026-01-25", "suspend")
    assert told_end(answer) == ("2026-02-15T09:00:00Z", None)
    assert answer.message == (
        "Suspended. The suspension turned auto-renew off. It expires with its term, at 2026-02-15T09:00:00Z."
    )


@pytest.mark.parametrize(("late", "told_as"), [(-TICK, "deleted"), (0 * TICK, "expired"), (TICK, "expired")])
def test_sus_4_at_one_instant_the_expiry_is_told(late: timedelta, told_as: str) -> None:
    """31 days of a term: 30 days of retention from its second day on end with it."""
    life = ALife(an_order(policy="saas-fulfillment-v2"))
    life.ask("2026-01-15T10:00:00Z", "set_auto_renew", enabled=False)
    answer = life.ask(instant("2026-01-16T09:00:00Z") + late, "suspend")
    assert told_as == ("expired" if answer.ends_at else "deleted")
    assert (answer.ends_at is None) != (answer.deletes_at is None)
    assert life.until("2026-03-01").names[-1] == told_as


def test_sus_4_what_is_told_follows_auto_renew() -> None:
    life = ALife()
    life.ask("2026-01-20", "suspend")
    deletion = (
        "All data is deleted at 2026-04-20T00:00:00Z unless it is reactivated before; it does not renew meanwhile."
    )
    expiry = "It expires with its term, at 2026-02-15T09:00:00Z."
    scheduled = life.ask("2026-01-21", "cancel")
    assert scheduled.message == f"The subscription will not renew. {expiry} Nothing is credited."
    assert life.ask("2026-01-21", "cancel").message == f"The subscription already does not renew. {expiry}"
    undone = life.ask("2026-01-22", "set_auto_renew", enabled=True)
    assert undone.message == f"The scheduled cancellation is undone. {deletion}"
    off = life.ask("2026-01-23", "set_auto_renew", enabled=False)
    assert (off.message, told_end(off)) == (f"Auto-renew is off. {expiry}", (None, None))
    assert life.ask("2026-01-24", "set_auto_renew", enabled=True).message == f"Auto-renew is on. {deletion}"


def test_sus_4_a_suspended_trial_tells_its_expiry() -> None:
    life = ALife(an_order(TRIAL))
    life.ask("2026-01-16", "set_auto_renew", enabled=False)
    answer = life.ask("2026-01-20", "suspend")
    assert answer.message == "Suspended. Auto-renew is off. It expires with its trial, at 2026-02-14T09:00:00Z."


@pytest.mark.parametrize("late", [-TICK, 0 * TICK, TICK])
def test_sus_5_reactivation_before_that_instant_only(late: timedelta) -> None:
    life = suspended({"term": "P1Y", "billing_plan": "annual"})
    answer = told(life.ask(instant("2026-04-20T06:00:00.000007Z") + late, "reactivate"))
    assert answer == ("done SUS-5" if late < 0 * TICK else "refused LIF-1")
    assert life.state == ("active" if late < 0 * TICK else "deleted")


def test_sus_5_a_second_suspension_starts_a_fresh_clock() -> None:
    life = suspended()
    life.ask("2026-01-25", "reactivate")
    life.ask("2026-01-30", "suspend")
    assert life.subscription.deletes_at == instant("2026-04-30")


def test_sus_6_a_period_already_paid_is_neither_credited_nor_charged_again() -> None:
    life = suspended()
    assert told(life.ask("2026-02-10", "reactivate")) == "done SUS-5"
    assert life.until("2026-02-16").rows[1:] == ["charge crm 3 30.00 term-2/period-1/charge/crm"]


def test_sus_6_a_period_that_begins_while_suspended_is_charged_by_days_on_reactivation() -> None:
    """2026-02-15 to 03-15 has 28 days; on 03-01 fourteen are left."""
    life = suspended({**YEAR, **BACKUP, "unit_price": "28.00"}, add_ons={"backup": 1})
    assert told(life.ask("2026-03-01T23:00:00Z", "reactivate")) == "done SUS-6 charge 43.40"
    assert life.names == ["purchased", "suspended", "reactivated"]
    assert life.rows[2:] == ["charge crm 3 42.00 seq-3/charge/crm", "charge backup 1 1.40 seq-3/charge/backup"]
    assert life.until("2026-03-15T09:00:00Z").rows[4] == "charge crm 3 84.00 term-1/period-3/charge/crm"


def test_sus_6_over_several_periods_only_the_running_one_is_charged() -> None:
    life = suspended({**YEAR, "unit_price": "31.00"}, account_opened="2025-10-01T00:00:00Z")
    assert told(life.ask("2026-04-14T10:00:00Z", "reactivate")) == "done SUS-6 charge 3.00"
    assert life.rows[1:] == ["charge crm 3 3.00 seq-3/charge/crm"]


def test_sus_6_reactivated_at_a_billing_date_it_is_a_whole_period() -> None:
    life = suspended({**YEAR, "unit_price": "28.00"})
    assert told(life.ask("2026-02-15T09:00:00Z", "reactivate")) == "done SUS-6 charge 84.00"


def test_sus_6_the_renewal_date_never_moves() -> None:
    life = suspended({**YEAR, "unit_price": "28.00"})
    life.ask("2026-03-01", "reactivate")
    assert life.until("2027-01-16").events[-1] == "renewed@2027-01-15T09:00:00Z REN-1"


def test_sus_6_a_scheduled_cancellation_stays_and_the_expiry_is_shown_alone() -> None:
    life = ALife()
    life.ask("2026-01-18", "cancel")
    life.ask("2026-01-20", "suspend")
    assert life.timeline == ["expire@2026-02-15T09:00:00Z CXL-3"]
    assert life.until("2026-12-01").events[-1] == "expired@2026-02-15T09:00:00Z CXL-3"


def test_sus_6_deletion_before_the_terms_end_wins() -> None:
    life = ALife(an_order({"term": "P1Y", "billing_plan": "annual"}))
    life.ask("2026-01-30", "cancel")
    life.ask("2026-02-01", "suspend")
    assert life.timeline == ["delete@2026-05-02T00:00:00Z SUS-3"]
    assert life.until("2027-12-01").names[-1] == "deleted"


def test_sus_7_no_renewal_while_suspended_and_a_new_term_on_reactivation() -> None:
    life = suspended()
    life.ask("2026-02-20", "change_price", unit_price="12.00")
    assert life.until("2026-03-01").names == ["purchased", "suspended", "price_scheduled"]
    assert told(life.ask("2026-03-03T10:00:00Z", "reactivate")) == "reactivated_new_term SUS-7 charge 36.00"
    assert life.rows[1:] == ["charge crm 3 36.00 term-2/period-1/charge/crm"]
    assert life.until("2026-04-03T10:00:00Z").events[-1] == "renewed@2026-04-03T10:00:00Z REN-1"


def test_sus_7_the_new_term_takes_a_price_that_is_known_at_its_very_instant() -> None:
    life = suspended()
    life.ask("2026-03-03T10:00:00Z", "change_price", unit_price="12.00")
    assert told(life.ask("2026-03-03T10:00:00Z", "reactivate")) == "reactivated_new_term SUS-7 charge 36.00"


def test_sus_3_free_days_end_with_the_first_billing_period_not_with_a_later_term() -> None:
    life = suspended()
    life.ask("2026-03-03T10:00:00Z", "reactivate")
    life.ask("2026-03-05", "suspend")
    assert life.subscription.deletes_at == instant("2026-03-05") + 90 * DAY


@pytest.mark.parametrize("late", [-TICK, 0 * TICK])
def test_sus_7_at_the_terms_very_end_it_is_a_new_term(late: timedelta) -> None:
    answer = told(suspended().ask(instant("2026-02-15T09:00:00Z") + late, "reactivate"))
    assert answer == ("done SUS-5" if late else "reactivated_new_term SUS-7 charge 30.00")


def test_sus_8_a_trials_clock_runs_on() -> None:
    life = suspended(TRIAL)
    assert told(life.ask("2026-01-30", "reactivate")) == "done SUS-5"
    assert life.state == "trial"
    assert life.until("2026-03-01").events[-1] == "converted@2026-02-14T09:00:00Z TRI-3"


@pytest.mark.parametrize("late", [-TICK, 0 * TICK])
def test_sus_8_a_suspended_trial_is_cancelled_like_any(late: timedelta) -> None:
    life = suspended(TRIAL)
    answer = told(life.ask(instant("2026-02-14T09:00:00Z") + late, "cancel"))
    assert answer == "cancelled TRI-4"


def test_sus_9_the_clock_runs_from_the_first_hold() -> None:
    life = suspended()
    first = life.subscription.deletes_at
    assert told(life.ask("2026-02-01", "suspend", reason="fraud", by="service")) == "done SUS-1"
    assert [hold.reason.value for hold in life.subscription.holds] == ["customer_request", "fraud"]
    assert life.subscription.deletes_at == first
    assert told(life.ask("2026-02-02", "suspend", reason="fraud")) == "unchanged MON-7"
    assert life.names.count("suspended") == 2


def test_sus_9_reactivate_lifts_them_all_or_none_and_names_the_one() -> None:
    life = suspended()
    life.ask("2026-02-01", "suspend", reason="fraud", by="service")
    refused = life.ask("2026-02-02", "reactivate", by="sales_agent")
    assert told(refused) == "refused SUS-9"
    assert "fraud" in refused.message
    assert "customer_request" not in refused.message
    assert len(life.subscription.holds) == 2
    assert told(life.ask("2026-02-02", "reactivate", by="global_admin")) == "done SUS-5"
    assert not life.subscription.holds


@pytest.mark.parametrize("by", ["service", "system"])
def test_sus_9_a_payment_lifts_nonpayment_only(by: str) -> None:
    assert told(suspended(reason="nonpayment").ask("2026-02-01", "reactivate", by=by)) == "done SUS-5"
    life = suspended(reason="nonpayment")
    life.ask("2026-01-30", "suspend")
    assert told(life.ask("2026-02-01", "reactivate", by=by)) == "refused SUS-9"


@pytest.mark.parametrize("by", ["service", "system", "sales_agent"])
def test_sus_9_a_reason_lifts_that_hold_alone_and_the_deletion_clock_runs_on(by: str) -> None:
    life = suspended()
    first = life.subscription.deletes_at
    life.ask("2026-01-30", "suspend", reason="nonpayment", by="system")
    assert told(life.ask("2026-02-01", "reactivate", by=by, reason="nonpayment")) == "done SUS-9"
    assert (life.state, life.names[-1]) == ("suspended", "hold_lifted")
    assert [hold.reason.value for hold in life.subscription.holds] == ["customer_request"]
    assert life.subscription.deletes_at == first
    assert told(life.ask("2026-02-01", "reactivate", by=by, reason="nonpayment")) == "unchanged MON-7"


def test_sus_9_the_clock_of_a_first_hold_that_was_lifted_runs_on_whatever_is_placed_then() -> None:
    life = suspended(reason="nonpayment")
    first = life.subscription.deletes_at
    life.ask("2026-01-30", "suspend", reason="fraud", by="service")
    assert told(life.ask("2026-02-01", "reactivate", by="service", reason="nonpayment")) == "done SUS-9"
    assert told(life.ask("2026-02-03", "suspend")) == "done SUS-1"
    assert life.subscription.deletes_at == first


def test_sus_9_the_last_hold_lifted_by_its_reason_reactivates() -> None:
    life = suspended(reason="nonpayment")
    assert told(life.ask("2026-02-01", "reactivate", by="service", reason="nonpayment")) == "done SUS-5"
    assert life.state == "active"


def test_sus_9_a_reason_that_the_actor_may_not_lift_is_refused() -> None:
    life = suspended(reason="fraud")
    life.ask("2026-01-30", "suspend")
    refused = life.ask("2026-02-01", "reactivate", by="service", reason="fraud")
    assert told(refused) == "refused SUS-9"
    assert "customer_request" not in refused.message
    assert len(life.subscription.holds) == 2


def test_sus_9_the_system_lifts_only_the_hold_that_it_placed() -> None:
    life = suspended()
    life.ask("2026-01-30", "suspend", reason="nonpayment", by="service")
    assert told(life.ask("2026-02-01", "reactivate", by="system", reason="nonpayment")) == "unchanged MON-7"
    assert len(life.subscription.holds) == 2


@pytest.mark.parametrize(
    ("by", "lifts"),
    [
        ("global_admin", True),
        ("admin_agent", True),
        ("helpdesk_agent", False),
        ("billing_admin", False),
        ("service", False),
    ],
)
def test_rol_2_fraud_is_lifted_only_by_two_roles(by: str, lifts: bool) -> None:
    answer = told(suspended(reason="fraud").ask("2026-02-01", "reactivate", by=by))
    assert answer == ("done SUS-5" if lifts else "refused SUS-9")


def test_rol_4_the_system_suspends_for_nonpayment_only() -> None:
    life = ALife()
    for reason in ("fraud", "customer_request"):
        assert told(life.ask("2026-01-16", "suspend", by="system", reason=reason)) == "refused ROL-4"
    assert told(life.ask("2026-01-16", "suspend", by="system", reason="nonpayment")) == "done SUS-1"


def test_sus_10_usage_consumed_before_is_billed_at_its_periods_end() -> None:
    life = ALife(an_order({**USAGE, **YEAR}))
    life.ask("2026-01-16", "report_usage", units=100)
    life.ask("2026-01-20", "suspend")
    assert told(life.ask("2026-01-21", "report_usage", units=1, usage_id="u-2")) == "refused USE-1"
    life.until("2026-04-01")
    assert life.events[2:] == ["period_charged@2026-02-15T09:00:00Z MON-3"]
    assert life.rows == ["charge crm 100 25.00 term-1/period-1/charge/crm"]


def test_sus_10_a_suspended_period_that_bills_nothing_is_no_event() -> None:
    life = suspended({**USAGE, **YEAR})
    assert life.until("2026-04-01").names == ["purchased", "suspended"]


@pytest.mark.parametrize(
    ("steps", "until", "end"),
    [
        ([("2026-01-20", "set_auto_renew", {"enabled": False})], "2026-03-01", "expired"),
        (
            [("2026-01-20", "set_auto_renew", {"enabled": False}), ("2026-01-21", "suspend", {})],
            "2026-03-01",
            "expired",
        ),
        ([("2026-01-20", "suspend", {})], "2026-12-01", "deleted"),
        ([("2026-01-20", "suspend", {}), ("2026-01-21", "deprovision", {})], "2026-01-22", "deprovisioned"),
    ],
)
def test_sus_10_what_is_left_when_a_life_ends_is_billed_then(
    steps: list[tuple[str, str, Facts]], until: str, end: str
) -> None:
    life = ALife(an_order(USAGE))
    life.ask("2026-01-16", "report_usage", units=100)
    for at, do, fields in steps:
        life.ask(at, do, **fields)
    assert life.until(until).state == end
    assert life.rows == ["charge crm 100 25.00 term-1/period-1/charge/crm"]


def test_sus_10_in_trial_usage_is_not_billed() -> None:
    life = ALife(an_order({**USAGE, **TRIAL}))
    assert "not billed" in life.ask("2026-01-16", "report_usage", units=100).message
    assert life.until("2026-04-01").rows == []


def test_section_11_under_nce_it_is_charged_on_and_auto_renew_goes_off() -> None:
    life = ALife(an_order(YEAR, policy="nce-2022"))
    life.ask("2026-01-20", "suspend")
    assert not life.subscription.auto_renew
    life.until("2026-03-20")
    assert life.names == ["purchased", "suspended", "period_charged", "period_charged"]
    assert told(life.ask("2026-03-21", "reactivate")) == "done SUS-5"
    assert not life.subscription.auto_renew


def test_lif_3_under_nce_a_further_hold_past_the_terms_end_does_not_let_it_expire_in_the_past() -> None:
    life = ALife(an_order(policy="nce-2022"))
    life.ask("2026-01-20", "suspend")
    life.ask("2026-01-20", "set_auto_renew", enabled=True)
    life.ask("2026-03-01", "suspend", reason="fraud")
    assert life.subscription.auto_renew
    assert life.until("2026-12-01").events[-1] == "deleted@2026-04-20T00:00:00Z SUS-3"
