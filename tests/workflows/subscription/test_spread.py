"""Many subscriptions that renew at one instant do so one after the other, each always as much later."""

from collections import Counter
from datetime import timedelta

import pytest

from tests.support.instants import START
from workflows.subscription.spread import Spread

HOUR = timedelta(hours=1)


def late_by(subscription_id: str, seconds: int) -> timedelta:
    return Spread(subscription_id, seconds, lambda: START).late_by


@pytest.mark.parametrize(
    ("subscription_id", "seconds"), [("s-1", 253.135689), ("s-2", 76.222308), ("order-17-no-3", 202.522181)]
)
def test_it_never_changes(subscription_id: str, seconds: float) -> None:
    """A run that slept to one instant is replayed to the same."""
    assert late_by(subscription_id, 300) == timedelta(seconds=seconds)


def test_without_a_spread_nothing_is_late() -> None:
    assert late_by("s-1", 0) == timedelta(0)


@pytest.mark.parametrize("pattern", ["s-{}", "order-{}-no-1", "order-7-no-{}", "{:032x}"])
def test_ids_of_any_kind_are_spread_evenly(pattern: str) -> None:
    tenths = Counter(late_by(pattern.format(number), 300) // timedelta(seconds=30) for number in range(10_000))
    assert sorted(tenths) == list(range(10))
    assert all(800 <= count <= 1_200 for count in tenths.values()), tenths
