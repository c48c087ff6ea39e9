"""How far publishers have been told, in SQL: in order for each subscription (invariant 13)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, select, update

from activities.adapters.sql.database import Database
from activities.adapters.sql.tables.catalog import offer
from activities.adapters.sql.tables.notifications import delivery, outbox
from activities.adapters.sql.tables.subscription import subscription
from activities.notifications.contracts import Pending
from domain.notification import NotificationStatus

_DONE = [standing.value for standing in NotificationStatus if standing.done]


class SqlOutbox:
    """The port `Outbox`. All methods raise BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def next(self, subscription_id: str, publisher: str) -> Pending | None:
        """The first event that is not done, as this publisher is to be told it; None where all are."""
        return await self._database.read(_next, subscription_id, publisher)

    async def done_up_to(self, subscription_id: str) -> int:
        """The last event that is done, 0 for none."""
        return await self._database.read(_done_up_to, subscription_id)

    async def record_outcome(self, pending: Pending, publisher: str, status: NotificationStatus, at: datetime) -> None:
        """Note what became of the event for good; what is done already stays as it is."""
        tries = pending.tries + 1 if status is NotificationStatus.DELIVERED else pending.tries
        columns = {"standing": status.value, "tries": tries, "next_try_at": None, "settled_at": at}
        if status is NotificationStatus.DELIVERED:
            columns |= {"first_tried_at": pending.first_tried_at or at, "last_tried_at": at, "problem": None}
        await self._database.write(_note, pending, publisher, columns)

    async def record_failure(
        self, pending: Pending, publisher: str, problem: str, at: datetime, next_try_at: datetime | None
    ) -> None:
        """Note a try that failed, and when the next one is; None where it is undeliverable."""
        standing = NotificationStatus.UNDELIVERABLE if next_try_at is None else NotificationStatus.WAITING
        columns = {
            "standing": standing.value,
            "tries": pending.tries + 1,
            "first_tried_at": pending.first_tried_at or at,
            "last_tried_at": at,
            "next_try_at": next_try_at,
            "settled_at": at if next_try_at is None else None,
            "problem": problem,
        }
        await self._database.write(_note, pending, publisher, columns)

    async def restart(self, subscription_id: str) -> None:
        """Begin the tries of an undeliverable event anew."""
        await self._database.write(_restart, subscription_id)


def _next(connection: Connection, subscription_id: str, publisher: str) -> Pending | None:
    told = _done_up_to(connection, subscription_id)
    tried = (delivery.c.subscription_id == outbox.c.subscription_id) & (delivery.c.seq == outbox.c.seq)
    columns = (
        *(delivery.c.standing, delivery.c.tries, delivery.c.first_tried_at, delivery.c.last_tried_at),
        *(delivery.c.next_try_at, delivery.c.problem),
    )
    wanted = (
        select(outbox.c.payload, offer.c.vendor, *columns)
        .join(subscription, subscription.c.id == outbox.c.subscription_id)
        .outerjoin(offer, offer.c.id == subscription.c.offer_id)
        .outerjoin(delivery, tried)
        .where(outbox.c.subscription_id == subscription_id, outbox.c.seq > told)
    )
    row = connection.execute(wanted.order_by(outbox.c.seq).limit(1)).one_or_none()
    if row is None:
        return None
    previous = _heard_last(connection, subscription_id, publisher)
    return Pending(notice=row.payload, previous=previous, vendor=row.vendor, **_progress(row._mapping))


def _progress(row: RowMapping) -> dict[str, Any]:
    if row["standing"] is None:
        return {}
    columns = ("tries", "first_tried_at", "last_tried_at", "next_try_at", "problem")
    return {"standing": NotificationStatus(row["standing"]), **{name: row[name] for name in columns}}


def _done_up_to(connection: Connection, subscription_id: str) -> int:
    done = delivery.c.standing.in_(_DONE)
    return _last(connection, (delivery.c.subscription_id == subscription_id) & done)


def _heard_last(connection: Connection, subscription_id: str, publisher: str) -> int:
    """One that takes over from another has heard of nothing."""
    delivered = (delivery.c.standing == NotificationStatus.DELIVERED.value) & (delivery.c.publisher == publisher)
    return _last(connection, (delivery.c.subscription_id == subscription_id) & delivered)


def _last(connection: Connection, which: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.max(delivery.c.seq)).where(which)) or 0


def _note(connection: Connection, pending: Pending, publisher: str, columns: dict[str, Any]) -> None:
    """A try may be told late, by a worker that was thought dead: what is done stays done."""
    subscription_id, seq = pending.notice.subscription_id, pending.notice.seq
    of_it = (delivery.c.subscription_id == subscription_id) & (delivery.c.seq == seq)
    known = connection.scalar(select(delivery.c.standing).where(of_it).with_for_update())
    if known is None:
        key = {"subscription_id": subscription_id, "seq": seq}
        connection.execute(insert(delivery).values({**key, **columns, "publisher": publisher}))
    elif not NotificationStatus(known).done:
        connection.execute(update(delivery).where(of_it).values({**columns, "publisher": publisher}))


def _restart(connection: Connection, subscription_id: str) -> None:
    undeliverable = delivery.c.standing == NotificationStatus.UNDELIVERABLE.value
    anew = {
        "standing": NotificationStatus.WAITING.value,
        "tries": 0,
        "first_tried_at": None,
        "next_try_at": None,
        "settled_at": None,
    }
    where = (delivery.c.subscription_id == subscription_id) & undeliverable
    connection.execute(update(delivery).where(where).values(anew))
