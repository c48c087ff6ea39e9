"""Answers, events, ledger rows and milestones as JSON documents: the same in every command and scenario."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.calendar import Period
from domain.money import Money
from domain.subscription.decision import Answer
from domain.subscription.effects import AccessInterval
from domain.subscription.events import Event
from domain.subscription.ledger import LedgerRow
from domain.values import format_decimal, format_instant
from statemachines.subscription.timeline import Milestone


def money_document(money: Money) -> dict[str, str]:
    """Money as amount and currency."""
    return {"amount": format_decimal(money.amount), "currency": money.currency}


def instant_document(instant: datetime | None) -> str | None:
    """The instant as ISO 8601 in UTC, or None."""
    return format_instant(instant) if instant else None


def period_document(period: Period) -> dict[str, str]:
    """A half-open period `[start, end)`."""
    return {"start": format_instant(period.start), "end": format_instant(period.end)}


def answer_document(answer: Answer) -> dict[str, Any]:
    """One answer. `credit` and `charge` are left out if there are none."""
    document: dict[str, Any] = {
        "at": format_instant(answer.at),
        "do": answer.do,
        "outcome": answer.outcome.value,
        "rule": answer.rule,
        "effective_at": instant_document(answer.effective_at),
    }
    if answer.credit:
        document["credit"] = money_document(answer.credit)
    if answer.charge:
        document["charge"] = money_document(answer.charge)
    return {**document, "message": answer.message}


def event_document(event: Event) -> dict[str, Any]:
    """One event, with the fields of the scenario contract."""
    return {
        "seq": event.seq,
        "at": format_instant(event.at),
        "event": event.event.value,
        "state": event.state.value,
        "rule": event.rule,
    }


def ledger_document(rows: Iterable[LedgerRow]) -> list[dict[str, Any]]:
    """The ledger rows, in the order given."""
    return [
        {
            "at": format_instant(row.at),
            "kind": row.kind.value,
            "line": row.line,
            "quantity": _quantity(row.quantity),
            "amount": format_decimal(row.amount),
            "currency": row.currency,
            "period": period_document(row.period),
            "key": row.key,
        }
        for row in rows
    ]


def access_document(intervals: Iterable[AccessInterval]) -> list[dict[str, Any]]:
    """The intervals in which users had access. An open interval has `to: null`."""
    return [{"from": format_instant(i.start), "to": instant_document(i.end)} for i in intervals]


def timeline_document(milestones: Sequence[Milestone]) -> list[dict[str, Any]]:
    """The milestones to come, soonest first."""
    return [{"at": format_instant(m.at), "what": m.what.value, "rule": m.rule.value, "why": m.why} for m in milestones]


def _quantity(quantity: Decimal) -> int | str:
    """Whole numbers as integers, others as their shortest decimal text."""
    if quantity == quantity.to_integral_value():
        return int(quantity)
    return f"{quantity.normalize():f}"
