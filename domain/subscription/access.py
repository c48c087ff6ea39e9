"""When users had access, and so when a usage offer could be used (invariant 5, USE-1)."""

from datetime import datetime

from domain.values import Frozen, Instant

GAPS_KEPT = 100
"""How many gaps a subscription remembers. Of more, the two oldest become one, which covers the time between them."""


class Gap(Frozen):
    """An interval in which users had no access; open while `end` is None."""

    start: Instant
    end: Instant | None = None

    def contains(self, at: datetime) -> bool:
        """Whether the instant lies in it."""
        return self.start <= at and (self.end is None or at < self.end)


def gaps_after(gaps: tuple[Gap, ...], at: datetime, *, access: bool) -> tuple[Gap, ...]:
    """The gaps after an event at that instant, which leaves users with or without access; no empty ones (LIF-4)."""
    opened = bool(gaps) and gaps[-1].end is None
    if access == (not opened):
        return gaps
    if access:
        *before, last = gaps
        return (*before, Gap(start=last.start, end=at)) if last.start < at else tuple(before)
    found = (*gaps, Gap(start=at))
    if len(found) > GAPS_KEPT:
        oldest = Gap(start=found[0].start, end=found[1].end)
        return (oldest, *found[2:])
    return found


def gap_at(gaps: tuple[Gap, ...], at: datetime) -> Gap | None:
    """The gap that contains the instant; None if users had access then."""
    return next((gap for gap in gaps if gap.contains(at)), None)
