"""Renewal and the calendar of a life: REN-1 to REN-3, REN-5, TIM-3 to TIM-7, BUY-5, MON-3."""

from datetime import timedelta

import pytest

from domain.values import format_instant
from statemachines.subscription.lifecycle import Lifecycle
from statemachines.subscription.narrative import headline
from statemachines.subscription.timeline import What, timeline
from tests.support.instants import TICK, instant
from tests.support.simulated.life import ORDERED, ALife, Facts, an_order, told

MONTHLY_YEAR: Facts = {"term": "P1Y"}


def dates(life: ALife, names: tuple[str, ...] = ("renewed", "period_charged")) -> list[str]:
    """The dates of those events."""
    return [entry.split("@")[1][:10] for entry in life.events if entry.startswith(names)]


def test_ren_1_a_new_term_of_the_same_length_begins_and_is_charged() -> None:
    life = ALife().until("2026-02-15T09:00:00Z")
    assert life.events[1:] == ["renewed@2026-02-15T09:00:00Z REN-1"]
    assert life.rows[1:] == ["charge crm 3 30.00 term-2/period-1/charge/crm"]


def test_tim_7_the_count_runs_on_across_renewals() -> None:
    life = ALife(an_order(at="2026-01-31T09:00:00Z")).until("2026-06-01")
    assert dates(life) == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]


def test_tim_4_a_year_billed_monthly_keeps_its_distance_from_the_months_end() -> None:
    life = ALife(an_order(MONTHLY_YEAR, at="2021-01-30T09:00:00Z")).until("2021-06-01")
    assert dates(life) == ["2021-02-27", "2021-03-30", "2021-04-29", "2021-05-30"]
    assert life.subscription.term is not None
    assert life.subscription.term.end == instant("2022-01-30T09:00:00Z")


def test_tim_3_a_leap_day_yearly() -> None:
    life = ALife(an_order({"term": "P1Y", "billing_plan": "annual"}, at="2024-02-29T09:00:00Z")).until("2028-03-01")
    assert dates(life) == ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]


@pytest.mark.parametrize(
    ("term", "plan", "charges", "renewals"),
    [
        ("P1M", "monthly", 0, 36),
        ("P1M", "one_time", 0, 36),
        ("P1Y", "monthly", 33, 3),
        ("P1Y", "annual", 0, 3),
        ("P1Y", "one_time", 0, 3),
        ("P2Y", "annual", 2, 1),
        ("P3Y", "annual", 2, 1),
        ("P3Y", "one_time", 0, 1),
        ("P3Y", "monthly", 35, 1),
    ],
)
def test_tim_6_term_and_plan_are_two_axes(term: str, plan: str, charges: int, renewals: int) -> None:
    """Three years, to the instant: how often it is billed and how often it renews."""
    life = ALife(an_order({"term": term, "billing_plan": plan})).until("2029-01-15T09:00:00Z")
    assert (life.names.count("period_charged"), life.names.count("renewed")) == (charges, renewals)
    assert len(life.rows) == 1 + charges + renewals


def test_ren_2_off_expires_at_term_end_without_a_charge() -> None:
    life = ALife()
    assert told(life.ask("2026-02-01", "set_auto_renew", enabled=False)) == "done REN-2"
    assert life.until("2026-06-01").events[2:] == ["expired@2026-02-15T09:00:00Z REN-2"]
    assert len(life.rows) == 1
    assert life.access == [(ORDERED, "2026-02-15T09:00:00Z")]


def test_ren_2_on_again_until_the_renewal_begins() -> None:
    last = instant("2026-02-15T09:00:00Z") - TICK
    life = ALife()
    life.ask("2026-02-01", "set_auto_renew", enabled=False)
    assert told(life.ask(last, "set_auto_renew", enabled=True)) == "done REN-2"
    assert life.until("2026-02-16").names[-1] == "renewed"
    late = ALife()
    late.ask("2026-02-01", "set_auto_renew", enabled=False)
    assert told(late.ask(last + TICK, "set_auto_renew", enabled=True)) == "refused LIF-1"
    assert late.state == "expired"


def test_ren_2_marketplace_offers_only() -> None:
    life = ALife(an_order({"publisher": "microsoft"}))
    assert told(life.ask("2026-02-01", "set_auto_renew", enabled=False)) == "refused REN-2"
    assert life.subscription.auto_renew


def test_ren_3_turning_it_on_undoes_a_scheduled_cancellation() -> None:
    life = ALife()
    assert told(life.ask("2026-02-01", "cancel", reason="nonpayment", details="late")) == "cancellation_scheduled CXL-3"
    scheduled = life.subscription.scheduled_cancellation
    assert scheduled is not None
    assert (scheduled.reason.value, scheduled.details, scheduled.by) == ("nonpayment", "late", "admin_agent")
    assert told(life.ask("2026-02-02", "set_auto_renew", enabled=True)) == "done REN-3"
    assert life.names[1:] == ["cancellation_scheduled", "cancellation_undone"]
    assert life.subscription.scheduled_cancellation is None
    assert life.until("2026-02-16").names[-1] == "renewed"


def test_ren_3_either_way_it_expires_by_its_own_rule() -> None:
    life = ALife()
    life.ask("2026-02-01", "cancel")
    assert life.until("2026-03-01").events[-1] == "expired@2026-02-15T09:00:00Z CXL-3"


def test_ren_3_the_same_value_again_and_a_late_cancel_when_off_are_no_events() -> None:
    life = ALife()
    assert told(life.ask("2026-02-01", "set_auto_renew", enabled=True)) == "unchanged MON-7"
    life.ask("2026-02-01", "set_auto_renew", enabled=False)
    assert told(life.ask("2026-02-02", "set_auto_renew", enabled=False)) == "unchanged MON-7"
    assert told(life.ask("2026-02-02", "cancel")) == "unchanged MON-7"
    assert life.names == ["purchased", "auto_renew_changed"]
    assert life.until("2026-03-01").events[-1] == "expired@2026-02-15T09:00:00Z REN-2"


@pytest.mark.parametrize(
    ("offset", "prices"), [(-TICK, ["30.00", "36.00", "36.00"]), (0 * TICK, ["30.00", "30.00", "36.00"])]
)
def test_buy_5_a_renewal_takes_the_price_known_before_it(offset: timedelta, prices: list[str]) -> None:
    """One that begins at the very instant of a renewal holds from the next one."""
    life = ALife()
    assert told(life.ask(instant("2026-02-15T09:00:00Z") + offset, "change_price", unit_price="12.00")) == "done BUY-5"
    assert life.until("2026-03-16").rows == [
        f"charge crm 3 {price} term-{n}/period-1/charge/crm" for n, price in enumerate(prices, 1)
    ]


def test_buy_5_the_running_terms_price_stays() -> None:
    life = ALife(an_order(MONTHLY_YEAR))
    life.ask("2026-02-01", "change_price", unit_price="99.00")
    assert told(life.ask("2026-02-01", "change_quantity", quantity=4)).startswith("done MON-4")
    assert life.until("2026-03-16").rows[-1] == "charge crm 4 40.00 term-1/period-3/charge/crm"
    assert life.until("2027-01-16").rows[-1] == "charge crm 4 396.00 term-2/period-1/charge/crm"


def test_buy_5_the_latest_of_several_and_the_same_again() -> None:
    life = ALife()
    life.ask("2026-02-01", "change_price", unit_price="12.00")
    life.ask("2026-02-02", "change_price", unit_price="11.00")
    assert told(life.ask("2026-02-03", "change_price", unit_price="11.00")) == "unchanged MON-7"
    assert told(life.ask("2026-02-03", "change_price", unit_price="11.0000005")) == "refused BUY-5"
    assert life.until("2026-02-16").rows[-1] == "charge crm 3 33.00 term-2/period-1/charge/crm"


def test_tim_5_down_across_several_boundaries_they_come_in_order_one_charge_each() -> None:
    life = ALife(an_order(MONTHLY_YEAR)).until("2027-02-16")
    assert dates(life) == [f"{2026 + m // 12}-{m % 12 + 1:02}-15" for m in range(1, 14)]
    assert len(set(life.rows)) == len(life.rows) == 14


def test_mon_3_usage_in_arrears_and_licences_in_advance() -> None:
    offer = {"billing_type": "usage", "unit_price": "0.25", "add_ons": [{"id": "support", "unit_price": "5.00"}]}
    life = ALife(an_order(offer, add_ons={"support": 1}))
    life.ask("2026-01-20", "report_usage", units="10")
    life.ask("2026-02-15T09:00:00Z", "report_usage", units="4", usage_id="u-2")
    life.until("2026-03-15T09:00:00Z")
    assert life.rows == [
        "charge support 1 5.00 term-1/period-1/charge/support",
        "charge crm 10 2.50 term-1/period-1/charge/crm",
        "charge support 1 5.00 term-2/period-1/charge/support",
        "charge crm 4 1.00 term-2/period-1/charge/crm",
        "charge support 1 5.00 term-3/period-1/charge/support",
    ]


def test_rol_3_a_renewal_records_the_price_before_and_after() -> None:
    life = ALife()
    life.ask("2026-02-01", "change_price", unit_price="12.00")
    renewed = life.until("2026-02-16").simulator.book.events[-1]
    assert (str(renewed.before.unit_price), str(renewed.after.unit_price)) == ("10.00", "12.00")


ANNOUNCED: Facts = {"announce_days": 7}
ANNOUNCES, RENEWS = "2026-02-08T09:00:00Z", "2026-02-15T09:00:00Z"
IN_WORDS = f"renewal_announced@{ANNOUNCES} REN-5"


def announcements(life: ALife) -> list[tuple[str, str | None]]:
    """When each announced renewal comes, and its amount."""
    found = [event.announces for event in life.simulator.book.events if event.announces]
    return [(format_instant(each.renews_at), str(each.amount) if each.amount else None) for each in found]


def test_ren_5_a_renewal_is_announced_so_many_days_before_with_its_date_and_amount() -> None:
    life = ALife(an_order(ANNOUNCED))
    assert life.timeline[:2] == [
        "refund_window_closes@2026-01-16T09:00:00Z CXL-4",
        f"announce_renewal@{ANNOUNCES} REN-5",
    ]
    assert life.until(instant(ANNOUNCES) - TICK).names == ["purchased"]
    assert life.until(ANNOUNCES).events[1:] == [IN_WORDS]
    assert announcements(life) == [(RENEWS, "USD 30.00")]
    assert life.timeline == [f"renew@{RENEWS} REN-1"]
    life.until("2026-03-15T09:00:00Z")
    assert life.names[2:] == ["renewed", "renewal_announced", "renewed"]


def test_ren_5_without_announce_days_none_is_announced() -> None:
    assert "renewal_announced" not in ALife().until("2026-06-01").names


def test_ren_5_the_amount_is_by_the_prices_and_quantities_known_then() -> None:
    """REN-4, BUY-5: what becomes known later is charged, and not announced again."""
    life = ALife(an_order({**ANNOUNCED, "add_ons": [{"id": "backup", "unit_price": "2.80"}]}))
    life.ask("2026-01-20", "change_quantity", quantity=5, when="renewal")
    life.ask("2026-01-21", "set_add_on", add_on="backup", quantity=1, when="renewal")
    life.ask("2026-01-22", "change_price", unit_price="12.00")
    life.until(ANNOUNCES)
    life.ask("2026-02-10", "change_quantity", quantity=6, when="renewal")
    assert announcements(life.until(RENEWS)) == [(RENEWS, "USD 62.80")]
    assert life.rows[-2].startswith("charge crm 6 72.00")


def test_ren_5_of_usage_the_amount_is_not_known() -> None:
    life = ALife(an_order({**ANNOUNCED, "billing_type": "usage", "unit_price": "0.25"}))
    life.ask("2026-01-20", "report_usage", units=40)
    assert announcements(life.until(RENEWS)) == [(RENEWS, None)]


@pytest.mark.parametrize(("late", "announced"), [(-TICK, True), (timedelta(0), False), (TICK, False)])
def test_ren_5_auto_renew_that_is_on_again_only_then_or_later_announces_nothing(
    late: timedelta, announced: bool
) -> None:
    life = ALife(an_order(ANNOUNCED))
    life.ask("2026-01-20", "set_auto_renew", enabled=False)
    assert not any(entry.startswith("announce") for entry in life.timeline)
    life.ask(instant(ANNOUNCES) + late, "set_auto_renew", enabled=True)
    assert (IN_WORDS in life.until(RENEWS).events) == announced
    assert life.names[-1] == "renewed"


@pytest.mark.parametrize(("late", "announced"), [(-TICK, True), (timedelta(0), False), (TICK, False)])
def test_ren_5_suspended_over_its_instant_nothing_is_announced(late: timedelta, announced: bool) -> None:
    life = ALife(an_order(ANNOUNCED))
    life.ask("2026-01-20", "suspend")
    assert not any(entry.startswith("announce") for entry in life.timeline)
    life.ask(instant(ANNOUNCES) + late, "reactivate")
    assert (IN_WORDS in life.until(RENEWS).events) == announced


def test_ren_5_never_twice_for_one_renewal() -> None:
    life = ALife(an_order(ANNOUNCED)).until(ANNOUNCES)
    for enabled in (False, True):
        life.ask(ANNOUNCES, "set_auto_renew", enabled=enabled)
    assert life.until(RENEWS).names.count("renewal_announced") == 1


@pytest.mark.parametrize(("days", "announced"), [(28, 1), (30, 1), (31, 0), (32, 0)])
def test_ren_5_only_after_the_terms_start(days: int, announced: int) -> None:
    """The first term has 31 days: at its start or before it, nothing is announced."""
    life = ALife(an_order({"announce_days": days})).until(RENEWS)
    assert life.names.count("renewal_announced") == announced


def test_ren_5_at_one_instant_the_period_comes_first_and_a_command_last() -> None:
    """LIF-4."""
    life = ALife(an_order({"term": "P1Y", "announce_days": 31}, at="2026-01-15T09:00:00Z")).until("2026-12-14")
    life.ask("2026-12-15T09:00:00Z", "set_auto_renew", enabled=False)
    at = "2026-12-15T09:00:00Z"
    assert life.events[-3:] == [
        f"period_charged@{at} MON-3",
        f"renewal_announced@{at} REN-5",
        f"auto_renew_changed@{at} REN-2",
    ]


def test_ren_5_a_trials_first_term_is_announced_like_any() -> None:
    life = ALife(an_order({"trial_days": 30, **ANNOUNCED})).until("2026-03-16T09:00:00Z")
    assert life.names == ["purchased", "trial_started", "converted", "renewal_announced", "renewed"]
    assert announcements(life)[0][0] == "2026-03-14T09:00:00Z"


def test_ren_5_its_headline_names_date_and_amount() -> None:
    life = ALife(an_order(ANNOUNCED))
    (shown,) = (each for each in timeline(life.subscription, life.now) if each.what is What.ANNOUNCE_RENEWAL)
    assert headline(Lifecycle(), life.subscription, shown) == "Renewal is announced: USD 30.00 at 2026-02-15 09:00:00"
