"""Which subscriptions a catalog version's prices affect, and the prices to send them (BUY-5)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, Select, func, select, union_all, update

from activities.adapters.sql.catalog.rows import newest_version, offers_of
from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.holdings import about_to_begin, not_ended
from activities.adapters.sql.tables.catalog import catalog_version, price_change
from activities.adapters.sql.tables.orders import order_line
from activities.adapters.sql.tables.subscription import subscription
from activities.prices.contracts import Affected, AffectedInput, PriceMessage
from activities.wall_clock import wall_clock
from domain.catalog.catalog import ListedOffer
from domain.subscription.commands import ChangePrice


class SqlPriceBook:
    """Price changes and their subscriptions. All methods raise BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def affected(self, page: AffectedInput) -> Affected:
        return await self._database.read(_affected, page)

    async def messages(self, version: int, subscription_ids: tuple[str, ...]) -> list[PriceMessage]:  # noqa: ARG002
        """What each is to be told: its offer's prices as the newest version of the catalog has them.

        If there is a newer version, it sends its prices again in its own run, and the subscriptions already know them.
        """
        return await self._database.read(_messages, subscription_ids)

    async def note_all_sent(self, version: int) -> None:
        await self._database.write(_note_all_sent, version, wall_clock())


def _affected(connection: Connection, page: AffectedInput) -> Affected:
    changed = select(price_change.c.offer_id).where(price_change.c.version == page.version)
    begun = select(subscription.c.id).where(subscription.c.offer_id.in_(changed), not_ended())
    coming = select(order_line.c.subscription_id).where(order_line.c.offer_id.in_(changed), about_to_begin())
    if page.after is not None:
        begun = begun.where(subscription.c.id > page.after)
        coming = coming.where(order_line.c.subscription_id > page.after)
    every = union_all(begun, coming).subquery()
    ids = connection.scalars(select(every.c.id).order_by(every.c.id).limit(page.limit)).all()
    total = connection.scalar(select(func.count()).select_from(every)) or 0
    return Affected(subscription_ids=tuple(ids), total=total)


def _messages(connection: Connection, subscription_ids: Collection[str]) -> list[PriceMessage]:
    version = newest_version(connection)
    at = connection.scalar(select(catalog_version.c.at).where(catalog_version.c.number == version))
    if at is None:
        return []
    these = subscription.c.id.in_(subscription_ids)
    begun = _pairs(connection, select(subscription.c.id, subscription.c.offer_id).where(these, not_ended()))
    these = order_line.c.subscription_id.in_(subscription_ids)
    coming = select(order_line.c.subscription_id, order_line.c.offer_id).where(these, about_to_begin())
    offer_ids = {**_pairs(connection, coming), **begun}
    offers = offers_of(connection, set(offer_ids.values()))
    return [
        PriceMessage(
            subscription_id=subscription_id,
            command=_command(offers[offer_ids[subscription_id]], version, at),
            started=subscription_id in begun,
        )
        for subscription_id in subscription_ids
        if offer_ids.get(subscription_id) in offers
    ]


def _pairs(connection: Connection, wanted: Select[str, str]) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(wanted)}


def _command(offer: ListedOffer, version: int, at: datetime) -> ChangePrice:
    """The command depends on the version alone, so that sending it again has no effect."""
    return ChangePrice(
        by="system",
        command_id=f"prices-{version}",
        unit_price=offer.price_at(at),
        holds_from=at,
        later=offer.coming_prices(at),
        catalog_version=version,
    )


def _note_all_sent(connection: Connection, version: int, at: datetime) -> None:
    untold = (catalog_version.c.number == version) & catalog_version.c.told_at.is_(None)
    connection.execute(update(catalog_version).where(untold).values(told_at=at))
