"""What a subscription is rebuilt from: its snapshot, which records and changes without events bring up to date."""

from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from activities.adapters.sql.tables.subscription import subscription
from activities.billing.contracts import KeepInput
from activities.errors import BooksConflict
from domain.subscription.effects import Record
from domain.subscription.subscription import Changes

Last = Row[*tuple[Any, ...]] | None
"""A subscription's last event, state and snapshot, or None before its first record."""
LAST = (subscription.c.last_seq, subscription.c.state, subscription.c.snapshot)
"""The columns of a `Last`."""
ITSELF = subscription.c.id == bindparam("of")
"""Filters `subscription` by the parameter `of`."""
_LAST = select(*LAST).where(ITSELF)
_KEEP = update(subscription).where(ITSELF)


def last_event(connection: Connection, subscription_id: str) -> Last:
    """Where the subscription stands. Its lock must be held: its row need not be there yet."""
    return connection.execute(_LAST, {"of": subscription_id}).one_or_none()


def after(last: Last, record: Record) -> Changes | None:
    """The snapshot after the record. None after a record of an earlier version, whose changes are unknown."""
    before: Changes | None = {} if last is None else last.snapshot
    if before is None or record.changed is None:
        return None
    return {**before, **record.changed}


def keep(connection: Connection, entry: KeepInput) -> bool:
    """Bring the snapshot up to date, unless a later event is recorded. Returns whether it changed.

    Raises BooksConflict if its event is not recorded.
    """
    last = last_event(connection, entry.subscription_id)
    if last is None or last.last_seq < entry.seq:
        raise BooksConflict(f"Event {entry.seq} of {entry.subscription_id} is missing: was an older database restored?")
    if last.last_seq > entry.seq or last.snapshot is None:
        return False
    now = {**last.snapshot, **entry.changed}
    connection.execute(_KEEP, {"of": entry.subscription_id, "snapshot": now})
    return bool(now != last.snapshot)
