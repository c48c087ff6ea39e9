"""List notifications and their status."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from activities.adapters.sql.database import PAGE_SIZE, Database
from activities.adapters.sql.tables.catalog import offer
from activities.adapters.sql.tables.notifications import delivery, outbox
from activities.adapters.sql.tables.subscription import subscription
from activities.notifications.contracts import ListedNotification, Mark
from domain.notification import NotificationStatus


class SqlNotifications:
    """Reads the outbox with its deliveries. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        subscription_id: str | None = None,
        publisher: str | None = None,
        standings: Collection[NotificationStatus] = tuple(NotificationStatus),
        limit: int = PAGE_SIZE,
        after: Mark | None = None,
    ) -> list[ListedNotification]:
        """One page of the filtered notifications, by subscription and sequence number. It starts `after` the mark.

        Events of offers without a `vendor` are left out: nobody is notified of them.
        """
        return await self._database.read(_page, _filters(subscription_id, publisher, standings), limit, after)

    async def counts(
        self, subscription_id: str | None = None, publisher: str | None = None
    ) -> dict[NotificationStatus, int]:
        """How many notifications have each status. A status without any is left out."""
        return await self._database.read(_counts, _filters(subscription_id, publisher, tuple(NotificationStatus)))

    async def halted(self, publisher: str) -> list[str]:
        """The ids of the subscriptions whose stream to the publisher is halted, in order."""
        return await self._database.read(_halted, publisher)


def _filters(
    subscription_id: str | None, publisher: str | None, standings: Collection[NotificationStatus]
) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [_publisher().is_not(None)]
    if subscription_id is not None:
        wanted.append(outbox.c.subscription_id == subscription_id)
    if publisher is not None:
        wanted.append(_publisher() == publisher)
    if set(standings) != set(NotificationStatus):
        tried = delivery.c.standing.in_([standing.value for standing in standings])
        wanted.append(or_(tried, delivery.c.standing.is_(None)) if NotificationStatus.WAITING in standings else tried)
    return wanted


def _publisher() -> ColumnElement[str | None]:
    """The publisher that was notified, or is to be notified."""
    return func.coalesce(delivery.c.publisher, offer.c.vendor)


def _of(*columns: ColumnElement[Any]) -> Select[Any]:
    tried = and_(delivery.c.subscription_id == outbox.c.subscription_id, delivery.c.seq == outbox.c.seq)
    return (
        select(*columns)
        .select_from(outbox)
        .join(subscription, subscription.c.id == outbox.c.subscription_id)
        .outerjoin(offer, offer.c.id == subscription.c.offer_id)
        .outerjoin(delivery, tried)
    )


def _page(
    connection: Connection, filters: list[ColumnElement[bool]], limit: int, after: Mark | None
) -> list[ListedNotification]:
    key = (outbox.c.subscription_id, outbox.c.seq)
    progress = (
        *(delivery.c.standing, delivery.c.tries, delivery.c.first_tried_at),
        *(delivery.c.next_try_at, delivery.c.settled_at, delivery.c.problem),
    )
    wanted = _of(*key, outbox.c.at, outbox.c.event, _publisher().label("publisher"), *progress).where(*filters)
    if after is not None:
        of_it = and_(outbox.c.subscription_id == after.subscription_id, outbox.c.seq > after.seq)
        wanted = wanted.where(or_(outbox.c.subscription_id > after.subscription_id, of_it))
    found = connection.execute(wanted.order_by(*key).limit(limit)).mappings()
    return [
        ListedNotification.model_validate({name: value for name, value in row.items() if value is not None})
        for row in found
    ]


def _counts(connection: Connection, filters: list[ColumnElement[bool]]) -> dict[NotificationStatus, int]:
    standing = func.coalesce(delivery.c.standing, NotificationStatus.WAITING.value)
    wanted = _of(standing.label("standing"), func.count().label("number")).where(*filters).group_by(standing)
    found = {row["standing"]: row["number"] for row in connection.execute(wanted).mappings()}
    return {each: found[each.value] for each in NotificationStatus if each.value in found}


def _halted(connection: Connection, publisher: str) -> list[str]:
    halted = delivery.c.standing == NotificationStatus.UNDELIVERABLE.value
    wanted = select(delivery.c.subscription_id).where(halted, delivery.c.publisher == publisher)
    return list(connection.scalars(wanted.order_by(delivery.c.subscription_id)))
