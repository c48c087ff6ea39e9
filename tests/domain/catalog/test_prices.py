"""A price and the instants from which others hold (BUY-5)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalog.offers import Price, order_faults, price_at
from domain.values import parse_instant

START = parse_instant("2026-03-01T00:00:00Z")
TICK, DAY = timedelta(microseconds=1), timedelta(days=1)
TEN = Decimal(10)


def price(days: int, unit_price: int = 11) -> Price:
    """A price from so many days on."""
    return Price(at=START + days * DAY, unit_price=Decimal(unit_price))


@pytest.mark.parametrize(("late", "holds"), [(-TICK, 10), (0 * TICK, 11), (DAY - TICK, 11), (DAY, 12), (9 * DAY, 12)])
def test_it_holds_from_its_very_instant_on(late: timedelta, holds: int) -> None:
    assert price_at(TEN, [price(0), price(1, 12)], START + late) == holds


def test_without_changes_the_first_holds_for_ever() -> None:
    assert price_at(TEN, [], START) == TEN


@given(st.sets(st.integers(0, 50)), st.integers(-1, 51))
def test_the_last_that_has_begun(days: set[int], day: int) -> None:
    begun = [n for n in days if n <= day]
    assert price_at(TEN, [price(n, 100 + n) for n in sorted(days)], START + day * DAY) == (
        100 + max(begun) if begun else TEN
    )


def test_each_entry_that_is_out_of_order_is_named() -> None:
    found = list(order_faults("prices", [price(1), price(1), price(3), price(2)], START))
    assert [(fault.path, fault.got) for fault in found] == [
        (("prices", 1, "at"), START + DAY),
        (("prices", 3, "at"), START + 2 * DAY),
    ]
    assert [fault.takes for fault in found] == [
        "an instant after the previous entry's (2026-03-02T00:00:00Z)",
        "an instant after the previous entry's (2026-03-04T00:00:00Z)",
    ]


def test_the_first_entry_comes_after_the_first_price() -> None:
    assert list(order_faults("prices", [price(1)], START)) == list(order_faults("prices", [price(0)])) == []
    (fault,) = order_faults("prices", [price(0)], START)
    assert fault == (("prices", 0, "at"), START, "an instant after the first price's (2026-03-01T00:00:00Z)")
