"""The outbox in SQL: the events to deliver, in order for each subscription (invariant 13)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from activities.adapters.sql import locks
from activities.adapters.sql.database import Database
from activities.adapters.sql.tables.catalog import offer
from activities.adapters.sql.tables.notifications import delivery, outbox
from activities.adapters.sql.tables.subscription import subscription
from activities.notifications.contracts import Pending
from domain.notification import NotificationStatus

_DONE = [status for status in NotificationStatus if status.done]
_PROGRESS = ("tries", "first_tried_at", "last_tried_at", "next_try_at", "problem")


class SqlOutbox:
    """The port `Outbox`. All methods raise BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def next(self, subscription_id: str, publisher: str) -> Pending | None:
        return await self._database.read(_next, subscription_id, publisher)

    async def done_up_to(self, subscription_id: str) -> int:
        return await self._database.read(done_up_to, subscription_id)

    async def record_outcome(self, pending: Pending, publisher: str, status: NotificationStatus, at: datetime) -> None:
        tries = pending.tries + 1 if status is NotificationStatus.DELIVERED else pending.tries
        columns = {"standing": status.value, "tries": tries, "next_try_at": None, "settled_at": at}
        if status is NotificationStatus.DELIVERED:
            columns |= {"first_tried_at": pending.first_tried_at or at, "last_tried_at": at, "problem": None}
        await self._note(pending, publisher, columns)

    async def record_failure(
        self, pending: Pending, publisher: str, problem: str, at: datetime, next_try_at: datetime | None
    ) -> None:
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
        await self._note(pending, publisher, columns)

    async def restart(self, subscription_id: str) -> None:
        await self._database.write_under([locks.subscription(subscription_id)], _restart, subscription_id)

    async def _note(self, pending: Pending, publisher: str, columns: dict[str, Any]) -> None:
        its = [locks.subscription(pending.notice.subscription_id)]
        await self._database.write_under(its, _note, pending, publisher, columns)


def _next(connection: Connection, subscription_id: str, publisher: str) -> Pending | None:
    tried = (delivery.c.subscription_id == outbox.c.subscription_id) & (delivery.c.seq == outbox.c.seq)
    wanted = (
        select(outbox.c.payload, offer.c.vendor, *(delivery.c[name] for name in ("standing", *_PROGRESS)))
        # A publisher that took over from another one has received nothing yet.
        .add_columns(_last(subscription_id, [NotificationStatus.DELIVERED], publisher).label("previous"))
        .join(subscription, subscription.c.id == outbox.c.subscription_id)
        .outerjoin(offer, offer.c.id == subscription.c.offer_id)
        .outerjoin(delivery, tried)
        .where(outbox.c.subscription_id == subscription_id, outbox.c.seq > _last(subscription_id, _DONE))
    )
    row = connection.execute(wanted.order_by(outbox.c.seq).limit(1)).mappings().one_or_none()
    if row is None:
        return None
    progress = {name: row[name] for name in ("standing", *_PROGRESS)} if row["standing"] else {}
    return Pending(notice=row["payload"], previous=row["previous"], vendor=row["vendor"], **progress)


def done_up_to(connection: Connection, subscription_id: str) -> int:
    return connection.scalar(select(_last(subscription_id, _DONE))) or 0


def _last(
    subscription_id: str, statuses: Collection[NotificationStatus], publisher: str | None = None
) -> ColumnElement[int]:
    """The highest sequence number of the deliveries with one of the statuses, 0 for none."""
    # Its own alias, so that a statement that reads the table too is not mixed up with it.
    tried = delivery.alias()
    found = select(func.coalesce(func.max(tried.c.seq), 0)).where(
        tried.c.subscription_id == subscription_id, tried.c.standing.in_([status.value for status in statuses])
    )
    return (found if publisher is None else found.where(tried.c.publisher == publisher)).scalar_subquery()


def _note(connection: Connection, pending: Pending, publisher: str, columns: dict[str, Any]) -> None:
    """An attempt may be recorded late, by a worker that was thought dead: what is done stays done."""
    subscription_id, seq = pending.notice.subscription_id, pending.notice.seq
    of_it = (delivery.c.subscription_id == subscription_id) & (delivery.c.seq == seq)
    known = connection.scalar(select(delivery.c.standing).where(of_it))
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
