"""Usage reports: when it was used, and which charge takes it (MON-3, SUS-10, MON-7)."""

from tests.support.simulated.life import ALife, Facts, an_order, told

USAGE: Facts = {"billing_type": "usage", "unit_price": "0.25"}


def test_mon_3_usage_told_late_goes_on_the_next_charge() -> None:
    life = ALife(an_order(USAGE))
    life.ask("2026-01-20", "report_usage", units=100, usage_id="in-time")
    late = life.ask("2026-02-20", "report_usage", units=40, usage_id="late", used_at="2026-02-01T00:00:00Z")
    assert told(late) == "done CXL-6"
    assert "next charge" in late.message
    life.until("2026-03-16")
    assert [(row.at.month, str(row.quantity), str(row.amount)) for row in life.simulator.book.rows] == [
        (2, "100", "25.00"),
        (3, "40", "10.00"),
    ]


def test_mon_3_usage_counts_in_the_period_in_which_it_was_used() -> None:
    life = ALife(an_order(USAGE))
    life.ask("2026-02-10", "report_usage", units=8, usage_id="told-later", used_at="2026-01-20T00:00:00Z")
    assert [str(row.amount) for row in life.until("2026-02-16").simulator.book.rows] == ["2.00"]


def test_use_1_what_is_not_used_yet_or_was_used_before_the_order_is_refused() -> None:
    life = ALife(an_order(USAGE))
    refused = life.ask("2026-01-20", "report_usage", units=1, usage_id="a", used_at="2026-01-21T00:00:00Z")
    assert told(refused) == "refused USE-1"
    refused = life.ask("2026-01-20", "report_usage", units=1, usage_id="a", used_at="2026-01-01T00:00:00Z")
    assert told(refused) == "refused USE-1"
    assert not life.simulator.book.usage


def test_sus_10_what_was_used_in_trial_is_not_billed_however_late_it_is_told() -> None:
    life = ALife(an_order({**USAGE, "trial_days": 30}))
    late = life.ask("2026-02-20", "report_usage", units=40, usage_id="late", used_at="2026-01-20T00:00:00Z")
    assert "trial" in late.message
    assert not life.until("2026-06-01").simulator.book.rows


def test_mon_7_the_same_report_again_is_unchanged_and_other_units_are_refused() -> None:
    life = ALife(an_order(USAGE))
    report: Facts = {"units": 40, "usage_id": "u-1", "used_at": "2026-01-20T00:00:00Z"}
    assert told(life.ask("2026-01-21", "report_usage", **report)) == "done CXL-6"
    assert told(life.ask("2026-01-22", "report_usage", **report)) == "unchanged MON-7"
    assert told(life.ask("2026-01-22", "report_usage", **{**report, "units": 41})) == "refused MON-7"
