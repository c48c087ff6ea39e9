"""Prices and the instants from which they hold (BUY-5)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from domain.values import RequestDecimal, RequestInstant, Strict, format_instant


class Price(Strict):
    """The catalog's price of a unit from an instant on."""

    at: RequestInstant
    unit_price: RequestDecimal


def price_at(first: Decimal, changes: Iterable[Price], at: datetime) -> Decimal:
    """The price at the instant: the first one, until a change begins at it or before. Changes are in order."""
    price = first
    for change in changes:
        if change.at <= at:
            price = change.unit_price
    return price


def order_faults(changes: Iterable[Price], first: datetime | None = None) -> Iterator[tuple[int, datetime, str]]:
    """Each change that does not begin after the one before it, or after `first`: (index, what came, what it takes)."""
    previous, whose = first, "the first price's"
    for index, change in enumerate(changes):
        if previous is not None and change.at <= previous:
            yield index, change.at, f"an instant after {whose} ({format_instant(previous)})"
        previous, whose = change.at, "the previous entry's"
