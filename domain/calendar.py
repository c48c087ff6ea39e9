"""Periods, terms and billing boundaries, always counted from the original anchor (TIM-1 to TIM-7)."""

from calendar import monthrange
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from domain.values import Frozen, Instant


class AnchorRule(StrEnum):
    """Which day a boundary falls on in a month without the anchor's day."""

    CLAMP = "clamp"
    """TIM-3: the last day of the month."""
    FROM_MONTH_END = "from_month_end"
    """TIM-4: an anchor on the 29th, 30th or 31st keeps its distance from the end of the month."""


class Period(Frozen):
    """A half-open period `[start, end)` (TIM-1)."""

    start: Instant
    end: Instant


class TermLength(StrEnum):
    """TIM-6: how long a term is."""

    P1M = "P1M"
    P1Y = "P1Y"
    P2Y = "P2Y"
    P3Y = "P3Y"

    @property
    def months(self) -> int:
        return 1 if self is TermLength.P1M else 12 * int(self.value[1])


class BillingPlan(StrEnum):
    """TIM-6: how often a term is charged."""

    MONTHLY = "monthly"
    ANNUAL = "annual"
    ONE_TIME = "one_time"


def boundary(anchor: datetime, months: int, rule: AnchorRule) -> datetime:
    """The boundary `months` months after the anchor, by the anchor rule, not counted from another boundary (TIM-2)."""
    total = anchor.year * 12 + (anchor.month - 1) + months
    year, month = divmod(total, 12)
    month += 1
    last = monthrange(year, month)[1]
    if rule is AnchorRule.FROM_MONTH_END and anchor.day >= 29:
        day = last - (monthrange(anchor.year, anchor.month)[1] - anchor.day)
    else:
        day = min(anchor.day, last)
    return anchor.replace(year=year, month=month, day=day)


@lru_cache(maxsize=1024)
def period_between(anchor: datetime, first: int, last: int, rule: AnchorRule) -> Period:
    """The period between two boundaries, numbered in months after the anchor. A decision asks for one several times."""
    return Period(start=boundary(anchor, first, rule), end=boundary(anchor, last, rule))


def days_between(start: datetime, end: datetime) -> int:
    """The number of days from the UTC date of one instant to that of the other (MON-4)."""
    return (end.date() - start.date()).days
