"""What happened in a life, as the one document that simulator and live run both print."""

from datetime import datetime
from typing import Any

from domain.calendar import Period
from domain.subscription.decision import Answer
from domain.subscription.effects import AccessInterval
from domain.subscription.events import Event, Notification, State
from domain.subscription.ledger import LedgerRow
from domain.subscription.subscription import Subscription
from domain.values import Frozen, format_instant
from statemachines.preview.simulator import Simulator
from statemachines.subscription.documents import (
    access_document,
    answer_document,
    event_document,
    instant_document,
    ledger_document,
    period_document,
    timeline_document,
)
from statemachines.subscription.timeline import Milestone, timeline


class LifeReport(Frozen):
    """Everything that a life's document is made of."""

    name: str
    subscription: Subscription
    answers: tuple[Answer, ...]
    events: tuple[Event, ...]
    rows: tuple[LedgerRow, ...]
    access: tuple[AccessInterval, ...]
    notifications: tuple[Notification, ...]
    timeline: tuple[Milestone, ...]
    invoices: tuple[dict[str, Any], ...] | None = None
    """Where the customer's account was lived with it: the documents of its invoices."""

    @classmethod
    def of(cls, simulator: Simulator, name: str, now: datetime) -> "LifeReport":
        """What has happened in the simulated life, and what comes next if no command does."""
        book = simulator.book
        return cls(
            name=name,
            subscription=simulator.life.subscription,
            answers=tuple(simulator.answers),
            events=tuple(book.events),
            rows=tuple(book.rows),
            access=tuple(book.access),
            notifications=tuple(Notification(seq=e.seq, at=e.at, event=e.event) for e in book.events),
            timeline=tuple(timeline(simulator.life.subscription, now)),
        )

    def document(self) -> dict[str, Any]:
        """The document of the scenario contract, ready for JSON."""
        subscription = self.subscription
        term = subscription.term
        deletes_at = subscription.deletes_at if subscription.state is State.SUSPENDED else None
        return {
            "name": self.name,
            "state": subscription.state.value,
            "auto_renew": subscription.auto_renew,
            "quantity": subscription.quantity,
            "add_ons": dict(subscription.add_ons),
            "deletes_at": instant_document(deletes_at),
            "term": {"number": term.number, **period_document(Period(start=term.start, end=term.end))}
            if term
            else None,
            "answers": [answer_document(answer) for answer in self.answers],
            "events": [event_document(event) for event in self.events],
            "ledger": ledger_document(self.rows),
            "access": access_document(self.access),
            "notifications": [
                {"seq": n.seq, "at": format_instant(n.at), "event": n.event.value} for n in self.notifications
            ],
            "timeline": timeline_document(self.timeline),
            **({"invoices": list(self.invoices)} if self.invoices is not None else {}),
        }
