"""Billing boundaries, always counted from the original anchor (TIM-1 to TIM-4, TIM-7)."""

from calendar import monthrange
from datetime import datetime
from enum import StrEnum

from domain.values import Frozen, Instant


class AnchorRule(StrEnum):
    """What becomes of the anchor's day in a month that has no such day."""

    CLAMP = "clamp"
    """TIM-3: the month's last day."""
    FROM_MONTH_END = "from_month_end"
    """TIM-4: an anchor on the 29th, 30th or 31st keeps its distance from the month's end."""


class Period(Frozen):
    """A half-open span of time `[start, end)` (TIM-1)."""

    start: Instant
    end: Instant


def boundary(anchor: datetime, months: int, rule: AnchorRule) -> datetime:
    """The boundary `months` months after the anchor, by the anchor rule (TIM-2: never from the previous one)."""
    total = anchor.year * 12 + (anchor.month - 1) + months
    year, month = divmod(total, 12)
    month += 1
    last = monthrange(year, month)[1]
    if rule is AnchorRule.FROM_MONTH_END and anchor.day >= 29:
        day = last - (monthrange(anchor.year, anchor.month)[1] - anchor.day)
    else:
        day = min(anchor.day, last)
    return anchor.replace(year=year, month=month, day=day)


def days_between(start: datetime, end: datetime) -> int:
    """Whole UTC calendar dates from one instant's date to the other's (MON-4)."""
    return (end.date() - start.date()).days


class TermLength(StrEnum):
    """TIM-6: how long a term is."""

    P1M = "P1M"
    P1Y = "P1Y"
    P2Y = "P2Y"
    P3Y = "P3Y"

    @property
    def months(self) -> int:
        """The term's length in months."""
        return 1 if self is TermLength.P1M else 12 * int(self.value[1])


class BillingPlan(StrEnum):
    """TIM-6: how often within the term it is charged."""

    MONTHLY = "monthly"
    ANNUAL = "annual"
    ONE_TIME = "one_time"
