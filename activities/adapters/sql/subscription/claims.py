"""Claims inside a transaction: unique rows, so that of two concurrent purchases exactly one succeeds (ELG-1, TRI-4)."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select

from activities.adapters.sql.tables.subscription import claim
from domain.ordering.placement import Claim
from domain.subscription.events import Event, State

_RELEASE_ALL = delete(claim).where(claim.c.subscription_id == bindparam("of"))
_RELEASE = _RELEASE_ALL.where(~claim.c.permanent)


def holders(connection: Connection, keys: Collection[str]) -> dict[str, str]:
    """The subscription that holds each key. Free keys are left out."""
    found = connection.execute(select(claim.c.key, claim.c.subscription_id).where(claim.c.key.in_(keys)))
    return {row.key: row.subscription_id for row in found}


def take(connection: Connection, subscription_id: str, wanted: Sequence[Claim]) -> None:
    """Take all claims that the subscription does not hold yet. The caller has checked that no other holds one.

    If another subscription holds a key after all, the database refuses the transaction (BooksConflict).
    """
    held = holders(connection, [one.key for one in wanted])
    missing = [one for one in wanted if held.get(one.key) != subscription_id]
    if missing:
        rows = [{"key": one.key, "subscription_id": subscription_id, "permanent": one.permanent} for one in missing]
        connection.execute(insert(claim), rows)


def release(connection: Connection, subscription_id: str, last: Event) -> None:
    """Release the subscription's claims when its last event is recorded.

    A trial stays used, unless it never began because the subscription ended while pending (TRI-4).
    """
    released = _RELEASE_ALL if last.before.state is State.PENDING else _RELEASE
    connection.execute(released, {"of": subscription_id})
