"""Cancelling: CXL-1 to CXL-8, with the windows at -1 us, 0 and +1 us."""

from datetime import timedelta

import pytest

from tests.support.instants import DAY, HOUR, TICK, instant
from tests.support.simulated.life import ORDERED, ALife, Facts, an_order, told

WINDOWS = [
    ("csp-2019", "monthly", 24 * HOUR),
    ("csp-2019", "annual", 14 * DAY),
    ("csp-2019", "one_time", 14 * DAY),
    ("csp-2019-china", "monthly", 24 * HOUR),
    ("csp-2019-china", "annual", 14 * DAY),
    ("saas-fulfillment-v2", "monthly", 72 * HOUR),
    ("saas-fulfillment-v2", "annual", 72 * HOUR),
    ("saas-fulfillment-v2", "one_time", 72 * HOUR),
    ("nce-2022", "monthly", 7 * DAY),
    ("nce-2022", "annual", 7 * DAY),
    ("nce-2022", "one_time", 7 * DAY),
]
BACKUP: Facts = {"add_ons": [{"id": "backup", "unit_price": "2.50"}]}


def cancelled_after(since: timedelta, policy: str, plan: str) -> tuple[ALife, str]:
    """A year's term, cancelled so long after its order."""
    life = ALife(an_order({"term": "P1Y", "billing_plan": plan}, policy=policy))
    return life, told(life.ask(instant(ORDERED) + since, "cancel"))


@pytest.mark.parametrize(("policy", "plan", "window"), WINDOWS)
def test_cxl_2_inside_the_window_full_credit_and_ended_now(policy: str, plan: str, window: timedelta) -> None:
    life, answer = cancelled_after(window - TICK, policy, plan)
    assert answer == "cancelled_with_credit CXL-2 credit 30.00"
    assert life.rows[1:] == ["credit crm 3 30.00 seq-2/credit/crm"]
    assert life.state == "cancelled"
    assert life.simulator.book.access[-1].end == life.now


@pytest.mark.parametrize("late", [0 * TICK, TICK])
@pytest.mark.parametrize(("policy", "plan", "window"), WINDOWS)
def test_cxl_4_at_the_windows_end_it_is_over(policy: str, plan: str, window: timedelta, late: timedelta) -> None:
    """CXL-3: scheduled at renewal; refused where the pack says so."""
    life, answer = cancelled_after(window + late, policy, plan)
    if policy == "nce-2022":
        assert answer == "refused CXL-3"
        assert life.subscription.auto_renew
    else:
        assert answer == "cancellation_scheduled CXL-3"
        assert life.simulator.answers[0].effective_at == instant("2027-01-15T09:00:00Z")
    assert life.state == "active"
    assert len(life.rows) == 1


def test_cxl_3_service_goes_on_to_the_terms_end() -> None:
    life, _ = cancelled_after(30 * DAY, "csp-2019", "annual")
    assert life.until("2028-01-01").events[-1] == "expired@2027-01-15T09:00:00Z CXL-3"
    assert life.access == [(ORDERED, "2027-01-15T09:00:00Z")]
    assert len(life.rows) == 1


def test_cxl_4_always_from_the_order_also_where_a_set_up_outlasts_the_window() -> None:
    life = ALife(an_order({"setup": "publisher"}))
    life.ask("2026-01-20", "activate")
    assert told(life.ask("2026-01-20T00:00:01Z", "cancel")) == "cancellation_scheduled CXL-3"


def test_cxl_4_a_trial_shorter_than_the_window_leaves_the_rest_of_it() -> None:
    life = ALife(an_order({"trial_days": 7, "term": "P1Y", "billing_plan": "annual"}))
    assert told(life.ask("2026-01-23", "cancel")) == "cancelled_with_credit CXL-2 credit 30.00"


def test_cxl_5_increases_and_add_ons_included_less_credits_given() -> None:
    life = ALife(an_order({**BACKUP, "term": "P1Y", "billing_plan": "annual", "unit_price": "365.00"}))
    life.ask("2026-01-16", "change_quantity", quantity=10)
    life.ask("2026-01-17", "set_add_on", add_on="backup", quantity=4)
    life.ask("2026-01-18", "change_quantity", quantity=2)
    answer = life.ask("2026-01-20", "cancel")
    charges = sum(row.amount for row in life.simulator.book.rows if row.kind == "charge")
    credits_given = sum(row.amount for row in life.simulator.book.rows if row.kind == "credit")
    assert charges == credits_given
    assert answer.credit is not None
    assert [row.split()[1] for row in life.rows[-2:]] == ["crm", "backup"]
    assert [row.split()[-1] for row in life.rows[-2:]] == ["seq-5/credit/crm", "seq-5/credit/backup"]


def test_cxl_5_a_free_order_has_nothing_to_credit() -> None:
    life = ALife(an_order({"unit_price": "0"}))
    answer = life.ask("2026-01-15T10:00:00Z", "cancel")
    assert told(answer) == "cancelled_with_credit CXL-2"
    assert "nothing to credit" in answer.message
    assert life.rows == []


def test_cxl_7_a_renewal_does_not_reopen_the_window() -> None:
    life = ALife().until("2026-02-15T09:00:00Z")
    assert told(life.ask("2026-02-15T10:00:00Z", "cancel")) == "cancellation_scheduled CXL-3"


@pytest.mark.parametrize(
    ("late", "answer"), [(-TICK, "cancelled_with_credit CXL-2 credit 30.00"), (0 * TICK, "refused CXL-3")]
)
def test_section_11_under_nce_it_opens_again_at_each_renewal(late: timedelta, answer: str) -> None:
    """The credit is the charges of that term alone."""
    life = ALife(an_order(policy="nce-2022"))
    assert told(life.ask(instant("2026-03-15T09:00:00Z") + 7 * DAY + late, "cancel")) == answer
    assert len(life.rows) == (4 if late else 3)


def test_section_11_a_reactivation_does_not_open_it_again() -> None:
    life = ALife(an_order(policy="nce-2022"))
    life.ask("2026-02-01", "suspend")
    life.ask("2026-02-01", "set_auto_renew", enabled=True)
    assert told(life.ask("2026-02-20", "reactivate")) == "reactivated_new_term SUS-7 charge 30.00"
    assert told(life.ask("2026-02-21", "cancel")) == "refused CXL-3"


@pytest.mark.parametrize(
    ("offer", "rule"), [({"publisher": "microsoft"}, "CXL-1"), ({"billing_type": "usage"}, "CXL-6")]
)
@pytest.mark.parametrize("suspended", [False, True])
def test_cxl_1_licence_offers_of_an_isv_only(offer: Facts, rule: str, suspended: bool) -> None:
    life = ALife(an_order(offer))
    if suspended:
        life.ask("2026-01-15T09:30:00Z", "suspend")
    assert told(life.ask("2026-01-15T10:00:00Z", "cancel")) == f"refused {rule}"


@pytest.mark.parametrize("state", ["trial", "active", "suspended"])
def test_cxl_6_a_usage_offer_is_deprovisioned_and_the_final_usage_billed(state: str) -> None:
    life = ALife(an_order({"billing_type": "usage", "unit_price": "0.25", "trial_days": 30 if state == "trial" else 0}))
    life.ask("2026-01-16", "report_usage", units=10)
    if state == "suspended":
        life.ask("2026-01-17", "suspend")
    billed = " charge 2.50" if state != "trial" else ""
    assert told(life.ask("2026-01-18", "deprovision")) == f"done CXL-6{billed}"
    assert (life.state, len(life.rows)) == ("deprovisioned", 1 if billed else 0)


def test_cxl_6_only_usage_offers_are_deprovisioned() -> None:
    life = ALife()
    assert told(life.ask("2026-01-18", "deprovision")) == "refused CXL-6"
    assert told(life.ask("2026-01-18", "report_usage", units=1)) == "refused CXL-6"


def test_cxl_8_suspended_in_the_window_credited_and_ended() -> None:
    life = ALife()
    life.ask("2026-01-15T10:00:00Z", "suspend")
    assert told(life.ask("2026-01-15T11:00:00Z", "cancel")) == "cancelled_with_credit CXL-8 credit 30.00"
    assert (life.state, life.subscription.holds, life.subscription.deletes_at) == ("cancelled", (), None)
    assert life.access == [(ORDERED, "2026-01-15T10:00:00Z")]


def test_cxl_8_out_of_the_window_it_stays_suspended_and_will_not_renew() -> None:
    life = ALife()
    life.ask("2026-01-20", "suspend")
    assert told(life.ask("2026-01-21", "cancel")) == "cancellation_scheduled CXL-8"
    assert life.state == "suspended"
    assert life.until("2026-06-01").events[-1] == "expired@2026-02-15T09:00:00Z CXL-3"


def test_cxl_9_a_service_may_cancel_too() -> None:
    life = ALife()
    assert told(life.ask("2026-01-15T10:00:00Z", "cancel", by="service")).startswith("cancelled_with_credit")
    assert life.simulator.book.events[-1].by == "service"
