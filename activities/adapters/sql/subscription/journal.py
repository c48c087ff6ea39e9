"""Convert events to rows of the journal and back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping

from domain.subscription.events import Event
from domain.subscription.ledger import LedgerRow


def columns_of(subscription_id: str, event: Event) -> dict[str, Any]:
    """The event's columns. Its ledger rows are stored in the ledger."""
    return {
        "subscription_id": subscription_id,
        "seq": event.seq,
        "at": event.at,
        "event": event.event.value,
        "state": event.state.value,
        "rule": event.rule,
        "by": event.by,
        "actor": event.actor,
        "reason": event.reason,
        "details": event.details,
        "command_id": event.command_id,
        "before": event.before,
        "after": event.after,
        "usage": event.usage,
        "settled": event.settled,
        "taken_over": event.taken_over,
        "announces": event.announces,
    }


def listed_after(event: Event) -> dict[str, Any]:
    """The columns by which lists show the subscription after the event."""
    return {
        "state": event.state.value,
        "auto_renew": event.after.auto_renew,
        "quantity": event.after.quantity,
        "add_ons": event.after.add_ons,
        "last_seq": event.seq,
        "last_at": event.at,
    }


def event_of(entry: RowMapping, rows: Sequence[LedgerRow]) -> Event:
    """The event that was recorded, with its own ledger rows (not those for usage)."""
    return Event.model_validate({**entry, "rows": rows})
