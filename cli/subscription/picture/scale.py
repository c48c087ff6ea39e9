"""Where an instant lies on the picture, and which dates the axis names.

Places across are percent of the width, so that one picture fits a phone, a page and a wide screen. What must not
overlap is placed for the narrowest.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.calendar import AnchorRule, boundary

LEFT, RIGHT = 4.0, 96.0
"""The percent at which time begins and ends."""
NARROWEST = 360
"""The width in pixels that everything is placed for."""
MOST_TICKS = 5
"""How many dates fit the narrowest axis."""
STEPS_IN_DAYS = (1, 2, 5, 10)
STEPS_IN_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
SHORTEST = timedelta(days=4)
"""A picture shows at least so much time."""


class Tick(NamedTuple):
    """A date that the axis names."""

    at: datetime
    label: str


class Scale:
    """A line of time from `start` to `end`."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self.start = start
        self.end = max(end, start + SHORTEST)

    def percent(self, at: datetime) -> float:
        """The place of the instant, in percent of the width; what lies outside is at the margin."""
        share = (min(max(at, self.start), self.end) - self.start) / (self.end - self.start)
        return LEFT + share * (RIGHT - LEFT)

    def pixels(self, at: datetime) -> float:
        """The place on the narrowest picture."""
        return self.percent(at) * NARROWEST / 100

    def shows(self, at: datetime) -> bool:
        """Whether the instant lies on it."""
        return self.start <= at <= self.end

    def ticks(self) -> list[Tick]:
        """As many round dates as fit, at even steps."""
        for days in STEPS_IN_DAYS:
            if (self.end - self.start) / timedelta(days=days) <= MOST_TICKS:
                return list(self._days(days))
        for months in STEPS_IN_MONTHS:
            found = list(self._months(months))
            if len(found) <= MOST_TICKS:
                return found
        return found

    def _days(self, step: int) -> Iterator[Tick]:
        at = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
        while (at := at + timedelta(days=step)) < self.end:
            yield Tick(at, f"{at:%m-%d}")

    def _months(self, step: int) -> Iterator[Tick]:
        first = self.start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        months = step - (first.year * 12 + first.month - 1) % step
        while (at := boundary(first, months, AnchorRule.CLAMP)) < self.end:
            yield Tick(at, f"{at:%Y}" if step % 12 == 0 else f"{at:%Y-%m}")
            months += step
