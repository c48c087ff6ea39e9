"""Claims inside a transaction: unique rows, so that of two buyers at once exactly one wins (ELG-1, TRI-4)."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, insert, select

from activities.adapters.sql.tables.subscription import claim
from domain.ordering.placement import Claim
from domain.subscription.events import Event, State


def holders(connection: Connection, keys: Collection[str]) -> dict[str, str]:
    """Who holds which of the keys: those that are free are left out."""
    found = connection.execute(select(claim.c.key, claim.c.subscription_id).where(claim.c.key.in_(keys)))
    return {row.key: row.subscription_id for row in found}


def take(connection: Connection, subscription_id: str, wanted: Sequence[Claim]) -> None:
    """Take them all; those that it holds already stay its own. The caller has seen that nobody else holds one.

    The database refuses a key that another holds, and the transaction with it (BooksConflict).
    """
    held = holders(connection, [one.key for one in wanted])
    missing = [one for one in wanted if held.get(one.key) != subscription_id]
    if missing:
        rows = [{"key": one.key, "subscription_id": subscription_id, "permanent": one.permanent} for one in missing]
        connection.execute(insert(claim), rows)


def release(connection: Connection, subscription_id: str, last: Event) -> None:
    """Free what the life held, as its last event is recorded.

    The trial stays used up for ever, unless it never began: the life ended while pending (TRI-4).
    """
    released = claim.c.subscription_id == subscription_id
    if last.before.state is not State.PENDING:
        released &= ~claim.c.permanent
    connection.execute(delete(claim).where(released))
