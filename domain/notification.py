"""The delivery of notifications: their status, and when to retry and give up (invariant 13)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.values import Strict

FIRST_PAUSE = timedelta(seconds=1)
_SPREAD = 1000


class NotificationStatus(StrEnum):
    """The status of one notification; `not_in_dialect` if the publisher's message format has no such event."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    SKIPPED = "skipped"
    NOT_IN_DIALECT = "not_in_dialect"

    @property
    def done(self) -> bool:
        """Whether the next notification may be sent."""
        return self in {NotificationStatus.DELIVERED, NotificationStatus.SKIPPED, NotificationStatus.NOT_IN_DIALECT}


def out_of_order(
    events: Sequence[int], noticed: Sequence[int], statuses: Mapping[int, NotificationStatus]
) -> Iterator[str]:
    """Notifications that are missing or were sent out of order, one line each (invariant 13).

    `events` are the numbers in the journal, `noticed` those in the outbox, `statuses` those of the tried ones.
    """
    if list(events) != list(noticed):
        differing = sorted(set(events) ^ set(noticed))
        yield f"journal and outbox differ in these events: {', '.join(map(str, differing[:10]))}"
    behind = next((seq for seq in events if not statuses.get(seq, NotificationStatus.WAITING).done), None)
    for seq in sorted(statuses):
        if seq not in events:
            yield f"a publisher was notified of event {seq}, which does not exist"
        elif behind is not None and seq > behind:
            yield f"a publisher was notified of event {seq} before event {behind} was done"


class DeliveryTerms(Strict):
    """How long delivery of a notification is tried before it is undeliverable: Microsoft's 500 tries over 8 hours."""

    tries: Annotated[int, Field(ge=1, le=10_000)] = 500
    window_hours: Annotated[int, Field(ge=1, le=24 * 7)] = 8

    @property
    def window(self) -> timedelta:
        """The time from the first delivery attempt to the last."""
        return timedelta(hours=self.window_hours)

    @property
    def longest_pause(self) -> timedelta:
        """The longest pause between attempts: pauses average three quarters of it, so attempts fill the window."""
        return max(self.window / self.tries * 7 / 5, FIRST_PAUSE)

    def next_try(
        self, tries: int, first_tried_at: datetime, now: datetime, retry_after: timedelta | None, spread: int
    ) -> datetime | None:
        """The instant of the next delivery attempt, the last one being at the end of the window, or None to give up.

        Pauses double up to the longest. A publisher's `retry_after` is used instead, but at least half a second.
        `tries` includes the attempt made `now`; `spread` differs per message, and varies the upper half of each pause.
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
