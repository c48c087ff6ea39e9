"""One subscription on a line of time: what happened by its books, and what comes if nobody sends a command."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum

from domain.calendar import Period
from domain.subscription.ends import creditable
from domain.subscription.events import Event, EventName, State
from domain.subscription.ledger import LedgerRow
from domain.subscription.subscription import Subscription
from domain.values import Frozen, Instant
from statemachines.preview.simulator import Simulator
from statemachines.subscription.life import Life
from statemachines.subscription.lifecycle import Lifecycle
from statemachines.subscription.narrative import headline
from statemachines.subscription.timeline import Milestone, next_milestone, timeline

BY_CALENDAR = frozenset({EventName.PERIOD_CHARGED, EventName.RENEWED})
"""What happens again and again: the lane shows its charges, and not each as a turn."""


class Band(Frozen):
    """The time in one state. An end state has no time: its band is of length 0."""

    state: State
    period: Period
    foreseen: bool = False

    @property
    def lasts(self) -> bool:
        """Whether it is more than an instant."""
        return self.period.start < self.period.end


class Kept(StrEnum):
    """What a window keeps open."""

    REFUND = "refund"
    RETENTION = "retention"


class Window(Frozen):
    """A time in which something is possible: a credited cancellation (CXL-4), or getting the data back (SUS-3)."""

    kept: Kept
    period: Period


class Foreseen(Frozen):
    """A milestone, and what it comes to in one line."""

    milestone: Milestone
    words: str


class Whose(Frozen):
    """Which subscription a lane is of, and how it is now."""

    subscription_id: str
    customer_id: str
    offer_id: str
    state: State
    quantity: int
    currency: str

    @classmethod
    def of(cls, subscription: Subscription) -> "Whose":
        """What the subscription says of itself."""
        facts = ("subscription_id", "customer_id", "state", "quantity")
        offer = subscription.offer
        return cls(**{name: getattr(subscription, name) for name in facts}, offer_id=offer.id, currency=offer.currency)


class Lane(Frozen):
    """A subscription on a line of time. `now` is by its own clock.

    `turns` are the events that changed more than the calendar does. `rows` are what was charged and credited, and
    `to_come` what will be, without usage, which is not known yet. `until` is its end, or how far ahead was looked.
    """

    whose: Whose
    now: Instant
    until: Instant
    bands: tuple[Band, ...]
    windows: tuple[Window, ...]
    turns: tuple[Event, ...]
    foreseen: tuple[Foreseen, ...]
    rows: tuple[LedgerRow, ...]
    to_come: tuple[LedgerRow, ...] = ()


def past_lane(
    whose: Whose, subscription: Subscription | None, events: Sequence[Event], rows: Sequence[LedgerRow], now: datetime
) -> Lane:
    """The lane of a subscription that has ended, by the books; without one its windows are not known."""
    last = events[-1].at if events else now
    return Lane(
        whose=whose,
        now=now,
        until=last,
        bands=tuple(_bands(events, (), now, last)),
        windows=_counting(_windows(subscription) if subscription else (), last),
        turns=_turns(events),
        foreseen=(),
        rows=tuple(rows),
    )


def living_lane(life: Life, events: Sequence[Event], rows: Sequence[LedgerRow], now: datetime, until: datetime) -> Lane:
    """The lane of a living subscription with its journal and ledger, and what comes up to `until`."""
    subscription, lifecycle, coming = life.subscription, Lifecycle(), Simulator.resumed(life)
    recorded = events[-1].seq if events else 0
    known = [*events, *(event for event in life.recent if event.seq > recorded)]
    windows = list(_windows(subscription))
    for each in _steps(coming, until):
        windows += [window for window in _windows(each) if window not in windows]
    ahead = coming.book.events
    end = next((event.at for event in (*known, *ahead) if event.ends), until)
    return Lane(
        whose=Whose.of(subscription),
        now=now,
        until=end,
        bands=tuple(_bands(known, ahead, now, end)),
        windows=_counting(windows, end),
        turns=_turns(known),
        foreseen=tuple(
            Foreseen(milestone=each, words=headline(lifecycle, subscription, each))
            for each in timeline(subscription, now)
        ),
        rows=tuple(rows),
        to_come=tuple(coming.book.rows),
    )


def _turns(events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(event for event in events if event.event not in BY_CALENDAR)


def _steps(simulator: Simulator, until: datetime) -> Iterator[Subscription]:
    """The subscription after each of its milestones."""
    while (milestone := next_milestone(simulator.life.subscription)) and milestone.at <= until:
        simulator.advance(milestone.at)
        yield simulator.life.subscription


def _windows(subscription: Subscription) -> Iterator[Window]:
    """The refund window that opened last (CXL-4), and how long data is kept of what is suspended (SUS-3)."""
    opened, closes = subscription.window_from, subscription.refund_closes
    if creditable(subscription.offer) and opened < closes:
        yield Window(kept=Kept.REFUND, period=Period(start=opened, end=closes))
    if subscription.holds and subscription.deletes_at:
        since = min(hold.at for hold in subscription.holds)
        yield Window(kept=Kept.RETENTION, period=Period(start=since, end=subscription.deletes_at))


def _counting(windows: Iterable[Window], end: datetime) -> tuple[Window, ...]:
    """The windows as far as they count: nothing is credited or kept after the end."""
    cut = ((window.kept, window.period.start, min(window.period.end, end)) for window in windows)
    return tuple(Window(kept=kept, period=Period(start=start, end=to)) for kept, start, to in cut if start < to)


def _bands(known: Sequence[Event], ahead: Iterable[Event], now: datetime, until: datetime) -> Iterator[Band]:
    """One band per time in a state; the running one is two, before and after `now`."""
    turns: list[tuple[datetime, State]] = []
    for event in (*known, *ahead):
        if not turns or turns[-1][1] is not event.after.state:
            turns.append((event.at, event.after.state))
    for (start, state), (following, _) in zip(turns, [*turns[1:], (until, None)], strict=True):
        end = start if state.ended else max(start, following)
        if start < now < end:
            yield Band(state=state, period=Period(start=start, end=now))
            yield Band(state=state, period=Period(start=now, end=end), foreseen=True)
        else:
            yield Band(state=state, period=Period(start=start, end=end), foreseen=start > now or end > now)
