"""What a subscription is rebuilt from: its snapshot, which records and changes without events bring up to date."""

from sqlalchemy import Connection, Row, select, update

from activities.adapters.sql.tables.subscription import subscription
from activities.billing.contracts import KeepInput
from activities.errors import BooksConflict
from domain.subscription.effects import Record
from domain.subscription.subscription import Changes


def after(last: Row[int, str, Changes | None] | None, record: Record) -> Changes | None:
    """The snapshot after the record. None after a record of an earlier version, whose changes are unknown."""
    before: Changes | None = {} if last is None else last.snapshot
    if before is None or record.changed is None:
        return None
    return {**before, **record.changed}


def keep(connection: Connection, entry: KeepInput) -> bool:
    """Bring the snapshot up to date, unless a later event is recorded. Returns whether it changed.

    Raises BooksConflict if its event is not recorded.
    """
    of_it = subscription.c.id == entry.subscription_id
    found = select(subscription.c.last_seq, subscription.c.snapshot).where(of_it).with_for_update()
    last = connection.execute(found).one_or_none()
    if last is None or last.last_seq < entry.seq:
        raise BooksConflict(f"Event {entry.seq} of {entry.subscription_id} is missing: was an older database restored?")
    if last.last_seq > entry.seq or last.snapshot is None:
        return False
    now = {**last.snapshot, **entry.changed}
    connection.execute(update(subscription).where(of_it).values(snapshot=now))
    return bool(now != last.snapshot)
