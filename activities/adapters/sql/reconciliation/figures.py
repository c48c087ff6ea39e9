"""The figures of the books for a worker's metrics: few queries, each by an index, also with 50,000 subscriptions."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, case, func, select

from activities.adapters.sql.database import Database
from activities.adapters.sql.reconciliation.booked import overdue_by
from activities.adapters.sql.revision import refuse_other_revision
from activities.adapters.sql.tables.account import invoice_standing
from activities.adapters.sql.tables.catalog import offer, publisher
from activities.adapters.sql.tables.notifications import delivery, outbox
from activities.adapters.sql.tables.subscription import subscription
from activities.figures import Figures, Outbox
from domain.notification import NotificationStatus

_DONE = [status.value for status in NotificationStatus if status.done]


class SqlFigures:
    """The port `BookFigures`. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, overdue_before: datetime) -> Figures:
        return await self._database.read(_figures, overdue_before)

    async def check(self) -> None:
        await self._database.read(refuse_other_revision)


def _figures(connection: Connection, overdue_before: datetime) -> Figures:
    refuse_other_revision(connection)
    return Figures(
        overdue=overdue_by(connection, overdue_before),
        subscriptions=_by(connection, subscription.c.state),
        invoices=_by(connection, invoice_standing.c.state),
        outbox=_outbox(connection),
    )


def _by(connection: Connection, column: Column[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in connection.execute(select(column, func.count()).group_by(column))}


def _outbox(connection: Connection) -> dict[str, Outbox]:
    found = {publisher_id: Outbox(0, None) for publisher_id in connection.scalars(select(publisher.c.id).distinct())}
    for publisher_id, depth, oldest in connection.execute(_WAITING):
        found[publisher_id] = Outbox(depth, oldest)
    return found


_tried = delivery.alias()
_last_done = (
    select(func.coalesce(func.max(_tried.c.seq), 0))
    .where(_tried.c.subscription_id == subscription.c.id, _tried.c.standing.in_(_DONE))
    .scalar_subquery()
)
_all_done = (
    select(1)
    .where(
        delivery.c.subscription_id == subscription.c.id,
        delivery.c.seq == subscription.c.last_seq,
        delivery.c.standing.in_(_DONE),
    )
    .exists()
)
# The subscriptions whose last event is done are left out first, by one look into an index each: nearly all.
_WAITING = (
    select(offer.c.vendor, func.count(), func.min(case((subscription.c.test_clock.is_not(True), outbox.c.at))))
    .select_from(subscription)
    .join(offer, offer.c.id == subscription.c.offer_id)
    .join(outbox, (outbox.c.subscription_id == subscription.c.id) & (outbox.c.seq > _last_done))
    .where(select(1).where(publisher.c.id == offer.c.vendor).exists(), ~_all_done)
    .group_by(offer.c.vendor)
)
"""Per publisher, the events behind the last one that is done, and when the first of them happened."""
