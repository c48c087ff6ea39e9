"""Answers, events, ledger rows and milestones as JSON documents: the same in every command and scenario."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.calendar import Period
from domain.money import Money
from domain.roles import Action
from domain.subscription.decision import Answer, Outcome
from domain.subscription.effects import AccessInterval
from domain.subscription.events import Event
from domain.subscription.ledger import LedgerRow
from domain.values import format_decimal, format_instant
from statemachines.subscription.timeline import Milestone


def money_document(money: Money) -> dict[str, str]:
    return {"amount": format_decimal(money.amount), "currency": money.currency}


def instant_document(instant: datetime | None) -> str | None:
    """The instant as ISO 8601 in UTC, or None."""
    return format_instant(instant) if instant else None


def period_document(period: Period) -> dict[str, str]:
    """A half-open period `[start, end)`."""
    return {"start": format_instant(period.start), "end": format_instant(period.end)}


def answer_document(answer: Answer) -> dict[str, Any]:
    """One answer. `credit` and `charge` are left out if there are none; only a suspension that is done has its end."""
    tells_end = answer.do == Action.SUSPEND and answer.outcome is Outcome.DONE
    left_out = {"seq", "metered"} if tells_end else {"seq", "metered", "ends_at", "deletes_at"}
    document = answer.model_dump(mode="json", exclude=left_out)
    return {name: value for name, value in document.items() if value or name not in {"credit", "charge"}}


def event_document(event: Event) -> dict[str, Any]:
    return event.model_dump(mode="json", include={"seq", "at", "event", "state", "rule"})


def ledger_document(rows: Iterable[LedgerRow]) -> list[dict[str, Any]]:
    return [{**row.model_dump(mode="json"), "quantity": _quantity(row.quantity)} for row in rows]


def access_document(intervals: Iterable[AccessInterval]) -> list[dict[str, Any]]:
    """The intervals in which users had access. An open interval has `to: null`."""
    return [{"from": format_instant(i.start), "to": instant_document(i.end)} for i in intervals]


def timeline_document(milestones: Sequence[Milestone]) -> list[dict[str, Any]]:
    return [milestone.model_dump(mode="json") for milestone in milestones]


def _quantity(quantity: Decimal) -> int | str:
    """Whole numbers as integers, others as their shortest decimal text."""
    if quantity == quantity.to_integral_value():
        return int(quantity)
    return f"{quantity.normalize():f}"
