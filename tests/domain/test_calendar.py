"""TIM-1 to TIM-4, TIM-7: boundaries, counted from the original anchor."""

from datetime import UTC, date, datetime, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import AnchorRule, BillingPlan, TermLength, boundary, days_between
from domain.catalog.offers import Offer

CLAMP, FROM_MONTH_END = AnchorRule.CLAMP, AnchorRule.FROM_MONTH_END

anchors = st.timedeltas(timedelta(0), timedelta(days=40_000)).map(
    lambda since: datetime(1990, 1, 1, tzinfo=UTC) + since
)
rules = st.sampled_from(AnchorRule)


def at(text: str) -> datetime:
    """Some hour of that day: boundaries keep it."""
    return datetime.fromisoformat(f"{text}T09:08:07.654321+00:00")


def days(anchor: str, rule: AnchorRule, months: list[int]) -> list[str]:
    """The dates of the boundaries; each must keep the anchor's time of day."""
    found = [boundary(at(anchor), n, rule) for n in months]
    assert all(each.timetz() == at(anchor).timetz() for each in found)
    return [each.date().isoformat() for each in found]


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        ("2026-01-31", [0, 1, 2, 3, 4], ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        ("2024-02-29", [12, 24, 36, 48], ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ("2023-12-31", [1, 2, 3], ["2024-01-31", "2024-02-29", "2024-03-31"]),
        ("2026-05-15", [1, 7, 8], ["2026-06-15", "2026-12-15", "2027-01-15"]),
    ],
)
def test_tim_3_clamp_takes_the_months_last_day(anchor: str, months: list[int], expected: list[str]) -> None:
    assert days(anchor, CLAMP, months) == expected


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        ("2021-01-30", [1, 2, 3, 4, 12], ["2021-02-27", "2021-03-30", "2021-04-29", "2021-05-30", "2022-01-30"]),
        ("2021-01-31", [1, 2, 3], ["2021-02-28", "2021-03-31", "2021-04-30"]),
        ("2021-01-29", [1, 2, 3], ["2021-02-26", "2021-03-29", "2021-04-28"]),
        ("2021-04-30", [1, 10], ["2021-05-31", "2022-02-28"]),
        ("2024-02-29", [1, 12, 48], ["2024-03-31", "2025-02-28", "2028-02-29"]),
        ("2021-01-28", [1, 2, 3], ["2021-02-28", "2021-03-28", "2021-04-28"]),
    ],
)
def test_tim_4_from_month_end_keeps_the_distance(anchor: str, months: list[int], expected: list[str]) -> None:
    assert days(anchor, FROM_MONTH_END, months) == expected


def test_tim_2_never_from_the_previous_boundary() -> None:
    """Adding a month to February 28 would stay on the 28th for ever."""
    chained = boundary(boundary(at("2026-01-31"), 1, CLAMP), 1, CLAMP)
    assert chained.day == 28
    assert boundary(at("2026-01-31"), 2, CLAMP).day == 31


@given(anchors, st.integers(0, 600))
def test_tim_3_clamp_agrees_with_dateutil(anchor: datetime, months: int) -> None:
    assert boundary(anchor, months, CLAMP) == anchor + relativedelta(months=months)


@given(anchors, st.integers(0, 600))
def test_tim_4_keeps_the_days_to_the_months_end(anchor: datetime, months: int) -> None:
    def left(instant: datetime) -> int:
        return ((instant.date().replace(day=1) + relativedelta(months=1)) - instant.date()).days

    moved = boundary(anchor, months, FROM_MONTH_END)
    assert left(moved) == left(anchor) if anchor.day >= 29 else moved.day == anchor.day


@given(anchors, st.integers(0, 600), rules)
def test_tim_1_periods_tile_and_run_forward(anchor: datetime, months: int, rule: AnchorRule) -> None:
    start, end = boundary(anchor, months, rule), boundary(anchor, months + 1, rule)
    assert timedelta(days=26) < end - start < timedelta(days=34)
    assert (end.year * 12 + end.month) - (anchor.year * 12 + anchor.month) == months + 1


def test_mon_4_days_are_calendar_dates_not_spans_of_24_hours() -> None:
    assert days_between(datetime(2026, 1, 1, 23, 59, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)) == 1
    assert days_between(at("2026-02-01"), at("2026-03-01")) == (date(2026, 3, 1) - date(2026, 2, 1)).days == 28


@pytest.mark.parametrize(
    ("term", "plan"),
    [(t, p) for t in TermLength for p in BillingPlan if (t, p) != (TermLength.P1M, BillingPlan.ANNUAL)],
)
def test_tim_6_term_and_plan_say_the_rule_and_the_period(term: TermLength, plan: BillingPlan) -> None:
    offer = Offer.model_validate_json(
        f'{{"id": "o", "term": "{term}", "billing_plan": "{plan}", "currency": "USD", "unit_price": "1"}}'
    )
    months = {"P1M": 1, "P1Y": 12, "P2Y": 24, "P3Y": 36}[term]
    assert term.months == months
    assert offer.months_per_period == {"monthly": 1, "annual": 12, "one_time": months}[plan]
    long_and_monthly = months >= 12 and plan is BillingPlan.MONTHLY
    assert offer.anchor_rule is (FROM_MONTH_END if long_and_monthly else CLAMP)
