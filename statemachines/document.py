"""What happened in a life, as the one document that simulator and live run both print."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.calendar import Period
from domain.decision import Answer
from domain.events import Event, EventName, State
from domain.ledger import LedgerRow
from domain.money import Money
from domain.subscription import Subscription
from domain.values import Frozen, Instant, format_decimal, format_instant
from statemachines.book import AccessInterval
from statemachines.timeline import Milestone


class Notification(Frozen):
    """An event as its publisher is told of it (the outbox)."""

    seq: int
    at: Instant
    event: EventName


class Story(Frozen):
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
            "deletes_at": _instant(deletes_at),
            "term": {"number": term.number, **_period(Period(start=term.start, end=term.end))} if term else None,
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


def answer_document(answer: Answer) -> dict[str, Any]:
    """One answer; `credit` and `charge` are absent where there are none."""
    document: dict[str, Any] = {
        "at": format_instant(answer.at),
        "do": answer.do,
        "outcome": answer.outcome.value,
        "rule": answer.rule,
        "effective_at": _instant(answer.effective_at),
    }
    if answer.credit:
        document["credit"] = money_document(answer.credit)
    if answer.charge:
        document["charge"] = money_document(answer.charge)
    return {**document, "message": answer.message}


def event_document(event: Event) -> dict[str, Any]:
    """One event, in the fields of the contract."""
    return {
        "seq": event.seq,
        "at": format_instant(event.at),
        "event": event.event.value,
        "state": event.state.value,
        "rule": event.rule,
    }


def ledger_document(rows: Iterable[LedgerRow]) -> list[dict[str, Any]]:
    """The ledger's rows, in the order in which they were written."""
    return [
        {
            "at": format_instant(row.at),
            "kind": row.kind.value,
            "line": row.line,
            "quantity": _quantity(row.quantity),
            "amount": format_decimal(row.amount),
            "currency": row.currency,
            "period": _period(row.period),
            "key": row.key,
        }
        for row in rows
    ]


def access_document(intervals: Iterable[AccessInterval]) -> list[dict[str, Any]]:
    """The intervals in which users had access; an open one ends in null."""
    return [{"from": format_instant(i.start), "to": _instant(i.end)} for i in intervals]


def timeline_document(milestones: Sequence[Milestone]) -> list[dict[str, Any]]:
    """The milestones to come, soonest first."""
    return [{"at": format_instant(m.at), "what": m.what.value, "rule": m.rule.value, "why": m.why} for m in milestones]


def money_document(money: Money) -> dict[str, str]:
    """Money as the contract prints it."""
    return {"amount": format_decimal(money.amount), "currency": money.currency}


def _instant(instant: datetime | None) -> str | None:
    return format_instant(instant) if instant else None


def _period(period: Period) -> dict[str, str]:
    return {"start": format_instant(period.start), "end": format_instant(period.end)}


def _quantity(quantity: Decimal) -> int | str:
    """Whole numbers as integers, others as their shortest decimal text."""
    if quantity == quantity.to_integral_value():
        return int(quantity)
    return f"{quantity.normalize():f}"
