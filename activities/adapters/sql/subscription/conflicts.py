"""What the books hold where a record of a subscription wants to write something else (REP-1)."""

import hashlib
from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlalchemy import Connection, select

from activities.adapters.sql.ledger.rows import row_of
from activities.adapters.sql.subscription.reader import events_of
from activities.adapters.sql.tables.subscription import ledger_entry, subscription
from activities.billing.contracts import RecordInput
from activities.errors import one_line
from domain.conflict import compared
from domain.subscription.events import Event
from domain.subscription.held import HeldRecord
from statemachines.conflicts.subscription import content_of, content_of_rows

_EVENTS = TypeAdapter(tuple[Event, ...])


def held(connection: Connection, entry: RecordInput) -> HeldRecord | None:
    """The events from the record's first one on, or else the ledger's rows with its keys; None if there are none."""
    subscription_id, record = entry.subscription_id, entry.record
    last = connection.scalar(select(subscription.c.last_seq).where(subscription.c.id == subscription_id))
    if last is not None and last >= record.seq:
        return _held_events(connection, subscription_id, record.events, last)
    wanted = {row.key: row for event in record.events for row in event.rows}
    keys = [*wanted, *(charge.key for event in record.events for charge in event.usage)]
    of_keys = (ledger_entry.c.subscription_id == subscription_id) & ledger_entry.c.key.in_(keys)
    rows = tuple(map(row_of, connection.execute(select(ledger_entry).where(of_keys)).mappings()))
    if not rows:
        return None
    its = content_of_rows([wanted[row.key] for row in rows if row.key in wanted])
    return HeldRecord(fields=compared(its, content_of_rows(rows)), rows=rows)


def seal_of(events: Sequence[Event]) -> str:
    """A digest of events, by which a check sees whether they are still what an operator has seen."""
    return hashlib.sha256(_EVENTS.dump_json(tuple(events), exclude_defaults=True)).hexdigest()


def _held_events(connection: Connection, subscription_id: str, wanted: Sequence[Event], last: int) -> HeldRecord:
    first, its = wanted[0].seq, content_of(wanted)
    try:
        events = [event for event in events_of(connection, subscription_id) if event.seq >= first]
    except (ValueError, ArithmeticError) as error:
        unreadable = {f"{first} event": one_line(f"cannot be read: {error}")}
        return HeldRecord(fields=compared(its, unreadable), up_to=last, readable=False)
    return HeldRecord(fields=compared(its, content_of(events)), up_to=last, seal=seal_of(events))
