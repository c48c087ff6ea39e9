"""Two courses of one subscription side by side: what differs in events, money, access and what comes after."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from domain.money import from_minor
from domain.subscription.effects import AccessInterval
from domain.subscription.events import Event
from domain.subscription.ledger import Kind, LedgerRow
from domain.values import Frozen, Instant, format_decimal
from statemachines.preview.course import Course
from statemachines.subscription import documents
from statemachines.subscription.timeline import Milestone

T = TypeVar("T")


class Sums(NamedTuple):
    """What ledger rows of one currency come to."""

    charged: Decimal
    credited: Decimal

    @property
    def net(self) -> Decimal:
        """Charges less credits."""
        return self.charged - self.credited

    @classmethod
    def of(cls, rows: Iterable[LedgerRow], currency: str) -> "Sums":
        """The sums of the rows in that currency."""
        none = from_minor(0, currency)
        found = dict.fromkeys(Kind, none)
        for row in rows:
            if row.currency == currency:
                found[row.kind] += row.amount
        return cls(found[Kind.CHARGE], found[Kind.CREDIT])

    def less(self, other: "Sums") -> "Sums":
        """The difference of each sum."""
        return Sums(self.charged - other.charged, self.credited - other.credited)


class Moment(NamedTuple):
    """What happens at one instant."""

    events: tuple[Event, ...]
    rows: tuple[LedgerRow, ...]

    @property
    def content(self) -> tuple[Hashable, ...]:
        """By what two moments are compared: without numbers of events, which any earlier event moves."""
        return tuple(map(_event, self.events)), tuple(map(_row, self.rows))


NOTHING = Moment((), ())


class Comparison(Frozen):
    """How a subscription goes on with some commands (`tried`) and how without any (`nothing`), both from `now`."""

    subscription_id: str
    now: Instant
    nothing: Course
    tried: Course

    @property
    def currency(self) -> str:
        """The one currency of the subscription."""
        return self.tried.subscription.offer.currency

    @property
    def sums(self) -> tuple[Sums, Sums]:
        """What is charged and credited without the commands, and with them."""
        return Sums.of(self.nothing.rows, self.currency), Sums.of(self.tried.rows, self.currency)

    def moments(self) -> dict[datetime, tuple[Moment, Moment]]:
        """The instants at which something else happens: what does without the commands, and what with them."""
        without, with_them = _moments(self.nothing), _moments(self.tried)
        return {
            at: (without.get(at, NOTHING), with_them.get(at, NOTHING))
            for at in sorted({*without, *with_them})
            if without.get(at, NOTHING).content != with_them.get(at, NOTHING).content
        }

    def months(self) -> dict[str, tuple[Sums, Sums]]:
        """The calendar months whose invoices differ, such as `2027-01`: the lines without the commands, and with them.

        A month's invoice has what is charged and credited in it (MON-5); what it carries and settles is not here.
        """
        without, with_them = _by_month(self.nothing), _by_month(self.tried)
        found = {
            month: (Sums.of(without[month], self.currency), Sums.of(with_them[month], self.currency))
            for month in sorted({*without, *with_them})
        }
        return {month: (before, after) for month, (before, after) in found.items() if before != after}

    @property
    def access_lost(self) -> tuple[AccessInterval, ...]:
        """When users have access without the commands alone."""
        return _without(self.nothing.access, self.tried.access)

    @property
    def access_gained(self) -> tuple[AccessInterval, ...]:
        """When users have access with the commands alone."""
        return _without(self.tried.access, self.nothing.access)

    def milestones(self) -> list[tuple[Milestone | None, Milestone | None]]:
        """What comes next after the end, where it differs: without the commands, and with them."""
        without = {milestone.what: milestone for milestone in self.nothing.timeline}
        with_them = {milestone.what: milestone for milestone in self.tried.timeline}
        both = ((without.get(what), with_them.get(what)) for what in dict.fromkeys([*without, *with_them]))
        return [(before, after) for before, after in both if before != after]

    @property
    def same(self) -> bool:
        """Whether the commands make no difference."""
        return not (self.moments() or self.access_lost or self.access_gained or self.milestones())

    def document(self) -> dict[str, Any]:
        """The comparison, ready for JSON: both courses, and what differs."""
        nothing, tried = self.nothing, self.tried
        before, after = self.sums
        return {
            "subscription": self.subscription_id,
            "now": documents.instant_document(self.now),
            "until": documents.instant_document(tried.until),
            "answers": [documents.answer_document(answer) for answer in tried.answers],
            "without": nothing.document(),
            "with": tried.document(),
            "difference": {
                "events": _both(documents.event_document, nothing.events, tried.events, _event),
                "ledger": _both(lambda row: documents.ledger_document([row])[0], nothing.rows, tried.rows, _row),
                "totals": [{"currency": self.currency, **_compared(before, after)}],
                "months": [
                    {"month": month, "currency": self.currency, **_compared(*sums)}
                    for month, sums in self.months().items()
                ],
                "access": {
                    "lost": documents.access_document(self.access_lost),
                    "gained": documents.access_document(self.access_gained),
                },
                "timeline": _both(
                    lambda each: documents.timeline_document([each])[0], nothing.timeline, tried.timeline, _itself
                ),
            },
        }


def _itself(milestone: Milestone) -> Hashable:
    return milestone


def _event(event: Event) -> Hashable:
    return event.at, event.event, event.state, event.rule


def _row(row: LedgerRow) -> Hashable:
    return row.at, row.kind, row.line, row.quantity, row.amount, row.currency, row.period


def _moments(course: Course) -> dict[datetime, Moment]:
    events, rows = defaultdict(list), defaultdict(list)
    for event in course.events:
        events[event.at].append(event)
    for row in course.rows:
        rows[row.at].append(row)
    return {at: Moment(tuple(events[at]), tuple(rows[at])) for at in {*events, *rows}}


def _by_month(course: Course) -> defaultdict[str, list[LedgerRow]]:
    found: defaultdict[str, list[LedgerRow]] = defaultdict(list)
    for row in course.rows:
        found[f"{row.at:%Y-%m}"].append(row)
    return found


def _only_in(these: Iterable[T], those: Iterable[T], content: Callable[[T], Hashable]) -> list[T]:
    """Those of `these` that `those` do not have, in their order."""
    left, found = Counter(map(content, those)), []
    for each in these:
        if left[content(each)]:
            left[content(each)] -= 1
        else:
            found.append(each)
    return found


def _both(
    document: Callable[[T], Any], without: Sequence[T], with_them: Sequence[T], content: Callable[[T], Hashable]
) -> dict[str, list[Any]]:
    """What the commands remove, and what they add."""
    return {
        "removed": [document(each) for each in _only_in(without, with_them, content)],
        "added": [document(each) for each in _only_in(with_them, without, content)],
    }


def _compared(before: Sums, after: Sums) -> dict[str, Any]:
    named = {"without": before, "with": after, "difference": after.less(before)}
    return {
        name: {
            "charged": format_decimal(sums.charged),
            "credited": format_decimal(sums.credited),
            "net": format_decimal(sums.net),
        }
        for name, sums in named.items()
    }


def _without(these: Sequence[AccessInterval], those: Sequence[AccessInterval]) -> tuple[AccessInterval, ...]:
    """The time in `these` that is not in `those`. Both are in order, and an interval without an end is the last."""
    left = list(these)
    for other in those:
        left = [part for each in left for part in _cut(each, other)]
    return tuple(left)


def _cut(interval: AccessInterval, other: AccessInterval) -> list[AccessInterval]:
    """The parts of the interval before and after the other one."""
    before_end = other.start if interval.end is None else min(interval.end, other.start)
    parts = [AccessInterval(start=interval.start, end=before_end)] if interval.start < before_end else []
    if other.end is not None and (interval.end is None or other.end < interval.end):
        parts.append(AccessInterval(start=max(interval.start, other.end), end=interval.end))
    return parts
