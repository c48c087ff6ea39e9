"""How a subscription goes on from one instant to another: with planned commands, or without any."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.faults import Fault
from domain.subscription.commands import Command
from domain.subscription.decision import Answer
from domain.subscription.effects import AccessInterval
from domain.subscription.events import Event
from domain.subscription.ledger import LedgerRow
from domain.subscription.subscription import Subscription
from domain.subscription.usage import Usage
from domain.values import Frozen, Instant, format_instant
from statemachines.preview.simulator import Simulator
from statemachines.subscription import documents
from statemachines.subscription.life import Life
from statemachines.subscription.timeline import Milestone, timeline

MOST_PLANNED = 100
"""How many commands one plan may have."""
LONGEST = timedelta(days=50 * 366)
"""How far ahead a course may be looked at."""


class Planned(NamedTuple):
    """A command, and the instant at which it would be accepted."""

    at: datetime
    command: Command


def plan_faults(plan: Sequence[Planned], now: datetime, until: datetime) -> Iterator[Fault]:
    """What is wrong with the instants of a plan, which is to be tried from `now` up to `until`."""
    latest = now + LONGEST
    open_ended = not now <= until <= latest
    if open_ended:
        yield Fault(("until",), until, f"an instant from now, {format_instant(now)}, to {format_instant(latest)}")
    if len(plan) > MOST_PLANNED:
        yield Fault(("commands",), len(plan), f"at most {MOST_PLANNED} commands")
    previous, words = now, "now"
    for index, (at, _) in enumerate(plan):
        path = ("commands", index, "at")
        if at < previous:
            yield Fault(path, at, f"an instant not before {words}, {format_instant(previous)}")
        elif at > until and not open_ended:
            yield Fault(path, at, f"an instant not after `until`, {format_instant(until)}")
        previous, words = max(previous, at), "the previous command" if at >= previous else words


class Course(Frozen):
    """What happens after an instant, up to `until`: answers to the commands, events, ledger rows and users' access.

    An interval of access begins at that instant at the earliest, and is open if users still have access at the end.
    `timeline` and `subscription` are of the end.
    """

    until: Instant
    answers: tuple[Answer, ...]
    events: tuple[Event, ...]
    rows: tuple[LedgerRow, ...]
    access: tuple[AccessInterval, ...]
    timeline: tuple[Milestone, ...]
    subscription: Subscription

    @classmethod
    def of(
        cls,
        life: Life,
        usage: Iterable[Usage] | None,
        now: datetime,
        until: datetime,
        plan: Sequence[Planned] = (),
    ) -> "Course":
        """How the life goes on. `usage` is what is used and not billed yet; None if only the life knows of some.

        Raises NotNow if a command cannot be decided, because its id was used for another one.
        """
        simulator = Simulator.resumed(life, usage=usage)
        simulator.advance(now)
        open_now = simulator.life.subscription.state.users_have_access
        simulator.book.access = [AccessInterval(start=now)] if open_now else []
        return cls.on(simulator, until, plan)

    @classmethod
    def on(cls, simulator: Simulator, until: datetime, plan: Sequence[Planned] = ()) -> "Course":
        """How the simulator goes on from where it stands. Raises NotNow as `of`."""
        book = simulator.book
        events, rows, answers = len(book.events), len(book.rows), len(simulator.answers)
        for at, command in plan:
            simulator.ask(command, at)
        simulator.advance(until)
        subscription = simulator.life.subscription
        return cls(
            until=until,
            answers=tuple(simulator.answers[answers:]),
            events=tuple(book.events[events:]),
            rows=tuple(book.rows[rows:]),
            access=tuple(book.access),
            timeline=tuple(timeline(subscription, until)),
            subscription=subscription,
        )

    def document(self) -> dict[str, Any]:
        """The course, ready for JSON, without its answers."""
        subscription = self.subscription
        return {
            "state": subscription.state.value,
            "auto_renew": subscription.auto_renew,
            "quantity": subscription.quantity,
            "add_ons": dict(subscription.add_ons),
            "events": [documents.event_document(event) for event in self.events],
            "ledger": documents.ledger_document(self.rows),
            "access": documents.access_document(self.access),
            "timeline": documents.timeline_document(self.timeline),
        }
