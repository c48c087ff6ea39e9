"""A subscription as the books have it, to be checked."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from domain.catalog.offers import PinnedOffer
from domain.subscription.effects import Access, AccessInterval
from domain.subscription.events import Event
from domain.subscription.ledger import LedgerRow
from domain.subscription.taken_over import TakenOver
from domain.subscription.usage import Report
from domain.values import Frozen, Instant

Found = tuple[str, tuple[LedgerRow, ...], tuple[Event, ...]]
"""What does not hold, in words, with the rows and events that show it."""


class Recorded(Frozen):
    """A subscription as recorded; `rows` in the order in which they were written.

    `latest` is the latest date that it may have, None with a test clock. `logged` are the changes of access in the log
    by the numbers of their events. `reports` are all of its usage, which is `settled` when no more is taken.
    """

    subscription_id: str
    offer: PinnedOffer
    policy: str
    events: tuple[Event, ...]
    rows: tuple[LedgerRow, ...]
    access: tuple[AccessInterval, ...]
    logged: dict[int, tuple[Access, Instant]] = {}
    latest: Instant | None = None
    reports: tuple[Report, ...] = ()
    settled: bool = False

    @property
    def access_confirmed(self) -> bool:
        """Whether every change of access is in the log: the tenant service may lag behind the journal."""
        return list(self.access) == access_by(self.events, self.settled_access)

    @property
    def taken_over(self) -> TakenOver | None:
        """What another system said of it, if it was taken over (MOV-1)."""
        return self.events[0].taken_over if self.events else None

    @cached_property
    def settled_numbers(self) -> frozenset[int]:
        """The numbers of the events about which an operator has settled something."""
        settled = [event.settled for event in self.events if event.settled]
        return frozenset(number for each in settled for number in range(each.first, each.last + 1))

    @cached_property
    def settled_keys(self) -> frozenset[str]:
        """The keys of the ledger's rows about which an operator has settled something."""
        return frozenset(key for event in self.events if event.settled for key in event.settled.rows)

    @property
    def settled_access(self) -> "SettledAccess":
        told = (event.seq for event in self.events if event.settled)
        return {number: self.logged.get(number) for number in (*self.settled_numbers, *told)}


SettledAccess = Mapping[int, tuple[Access, datetime] | None]
"""What the log says about settled changes of access, by the numbers of their events."""


def access_by(events: tuple[Event, ...], settled: SettledAccess) -> list[AccessInterval]:
    """The access intervals that follow from the states, or from the log where that was settled; no empty ones (LIF-4).

    A settled event without a change in the log changes nothing.
    """
    intervals: list[AccessInterval] = []
    since: datetime | None = None
    for event in events:
        at, grants = event.at, event.state.users_have_access
        if event.seq in settled:
            change = settled[event.seq]
            if change is None:
                continue
            grants, at = change[0] is Access.GRANT, change[1]
        if grants:
            since = since or at
        elif since is not None:
            if since < at:
                intervals.append(AccessInterval(start=since, end=at))
            since = None
    return [*intervals, AccessInterval(start=since)] if since else intervals
