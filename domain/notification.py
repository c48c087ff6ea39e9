"""When a publisher is told again what it has not taken, and when that is given up (invariant 13)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.values import Strict

FIRST_PAUSE = timedelta(seconds=1)
_SPREAD = 1000


class NotificationStatus(StrEnum):
    """How it stands with one notification; `not_in_dialect` is an event that the dialect has no word for."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    SKIPPED = "skipped"
    NOT_IN_DIALECT = "not_in_dialect"

    @property
    def done(self) -> bool:
        """The next one may be told."""
        return self in {NotificationStatus.DELIVERED, NotificationStatus.SKIPPED, NotificationStatus.NOT_IN_DIALECT}


def out_of_order(
    events: Sequence[int], noticed: Sequence[int], standings: Mapping[int, NotificationStatus]
) -> Iterator[str]:
    """What shows that events are missing from what is told, or told out of order (invariant 13).

    `events` and `noticed` are the sequence numbers in the journal and in the outbox, `standings` those that were tried.
    """
    if list(events) != list(noticed):
        differing = sorted(set(events) ^ set(noticed))
        yield f"journal and outbox differ in these events: {', '.join(map(str, differing[:10]))}"
    behind = next((seq for seq in events if not standings.get(seq, NotificationStatus.WAITING).done), None)
    for seq in sorted(standings):
        if seq not in events:
            yield f"a publisher was notified of event {seq}, which does not exist"
        elif behind is not None and seq > behind:
            yield f"a publisher was notified of event {seq} before event {behind} was done"


class DeliveryTerms(Strict):
    """How long a publisher is told one event before it counts as undeliverable: Microsoft's 500 tries over 8 hours."""

    tries: Annotated[int, Field(ge=1, le=10_000)] = 500
    window_hours: Annotated[int, Field(ge=1, le=24 * 7)] = 8

    @property
    def window(self) -> timedelta:
        """The time from the first try to the last."""
        return timedelta(hours=self.window_hours)

    @property
    def longest_pause(self) -> timedelta:
        """So that the tries last for the window: pauses come to three quarters of it on average."""
        return max(self.window / self.tries * 7 / 5, FIRST_PAUSE)

    def next_try(
        self, tries: int, first_tried_at: datetime, now: datetime, retry_after: timedelta | None, spread: int
    ) -> datetime | None:
        """When to try again after so many tries, the last of them now; None where it is given up.

        Pauses double up to the longest, the upper half of each by `spread`: any number that differs from message to
        message. The publisher's own `retry_after` goes before, but is never none at all; the last try is at the
        window's end.
        """
        end = first_tried_at + self.window
        if tries >= self.tries or now >= end:
            return None
        pause = retry_after if retry_after is not None else self._pause(tries, spread)
        return min(now + max(pause, FIRST_PAUSE / 2), end)

    def _pause(self, tries: int, spread: int) -> timedelta:
        doublings: int = min(tries - 1, 20)
        half = min(FIRST_PAUSE * (1 << doublings), self.longest_pause) / 2
        return half + half * (spread % _SPREAD) / _SPREAD
