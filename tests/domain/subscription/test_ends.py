"""SUS-3: how long data is kept, and DOMAIN section 11's retention row."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy import PACKS
from domain.subscription.ends import deletion_instant, free_days

SUSPENDED = datetime(2026, 5, 4, 3, 2, 1, 123456, tzinfo=UTC)
OPENED = datetime(2026, 1, 1, 9, tzinfo=UTC)
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)


def kept(pack: str, free: timedelta) -> timedelta:
    """How long data is kept where billing began that long after the account was opened."""
    return deletion_instant(SUSPENDED, PACKS[pack], OPENED, OPENED + free) - SUSPENDED


@pytest.mark.parametrize(
    ("pack", "expected"),
    [
        ("csp-2019", {0: 90, 14: 104, 30: 120, 45: 120}),
        ("csp-2019-china", {0: 60, 14: 60, 30: 60, 45: 60}),
        ("saas-fulfillment-v2", {0: 30, 14: 30, 30: 30, 45: 30}),
        ("nce-2022", {0: 90, 14: 90, 30: 90, 45: 90}),
    ],
)
def test_sus_3_ninety_days_and_the_free_ones_at_most_120(pack: str, expected: dict[int, int]) -> None:
    assert {free: kept(pack, free * DAY) // DAY for free in expected} == expected


def test_sus_3_free_days_are_whole_spans_of_24_hours() -> None:
    assert kept("csp-2019", 14 * DAY - TICK) == 103 * DAY
    assert kept("csp-2019", 14 * DAY) == 104 * DAY
    assert kept("csp-2019", 14 * DAY + TICK) == 104 * DAY


def test_sus_3_never_less_than_none() -> None:
    """An account opened after billing began has no free days, and loses none."""
    assert free_days(OPENED, OPENED - TICK) == 0
    assert kept("csp-2019", -40 * DAY) == 90 * DAY


@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_sus_3_always_between_90_and_120_days(free: timedelta) -> None:
    assert 90 * DAY <= kept("csp-2019", free) <= 120 * DAY
    assert kept("csp-2019", free) % DAY == timedelta(0)
