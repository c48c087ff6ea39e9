"""The publisher of a subscription's offer."""

from sqlalchemy import Connection, func, select

from activities.adapters.sql.database import Database
from activities.adapters.sql.tables.catalog import offer
from activities.adapters.sql.tables.orders import order_line
from activities.adapters.sql.tables.subscription import subscription


class SqlOfferPublishers:
    """Reads publishers. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def publisher_of(self, subscription_id: str) -> str | None:
        return await self._database.read(_publisher_of, subscription_id)


def _publisher_of(connection: Connection, subscription_id: str) -> str | None:
    recorded = select(subscription.c.offer_id).where(subscription.c.id == subscription_id).scalar_subquery()
    # From the order line, if the subscription has no event on record yet.
    placed = select(order_line.c.offer_id).where(order_line.c.subscription_id == subscription_id).scalar_subquery()
    vendor: str | None = connection.scalar(select(offer.c.vendor).where(offer.c.id == func.coalesce(recorded, placed)))
    return vendor
