"""Which subscriptions a catalog version's prices affect, and the prices to send them (BUY-5)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, Select, func, select, union_all, update

from activities.adapters.sql.catalog.rows import offers_of
from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.holdings import about_to_begin, not_ended
from activities.adapters.sql.tables.catalog import catalog_version, price_change
from activities.adapters.sql.tables.orders import order_line
from activities.adapters.sql.tables.subscription import subscription
from activities.prices.contracts import Affected, AffectedInput, PriceMessage
from activities.wall_clock import wall_clock
from domain.catalog.catalog import ListedOffer
from domain.catalog.changes import PriceList
from domain.catalog.offers import price_at
from domain.subscription.commands import ChangePrice


class SqlPriceBook:
    """Price changes and their subscriptions. All methods raise BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def affected(self, page: AffectedInput) -> Affected:
        return await self._database.read(_affected, page)

    async def concerned(self, offer_ids: Collection[str]) -> int:
        return await self._database.read(_concerned, offer_ids)

    async def messages(self, version: int, subscription_ids: tuple[str, ...]) -> list[PriceMessage]:
        """The prices of each one's offer as that version changed them. What it did not change is left out.

        A newer version sends its own prices in its own run; subscriptions that know them keep them.
        """
        return await self._database.read(_messages, version, subscription_ids)

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


def _concerned(connection: Connection, offer_ids: Collection[str]) -> int:
    begun = select(func.count()).where(subscription.c.offer_id.in_(offer_ids), not_ended())
    coming = select(func.count()).where(order_line.c.offer_id.in_(offer_ids), about_to_begin())
    return (connection.scalar(begun) or 0) + (connection.scalar(coming) or 0)


def _messages(connection: Connection, version: int, subscription_ids: Collection[str]) -> list[PriceMessage]:
    these = subscription.c.id.in_(subscription_ids)
    begun = _pairs(connection, select(subscription.c.id, subscription.c.offer_id).where(these, not_ended()))
    these = order_line.c.subscription_id.in_(subscription_ids)
    coming = select(order_line.c.subscription_id, order_line.c.offer_id).where(these, about_to_begin())
    offer_ids = {**_pairs(connection, coming), **begun}
    commands = _commands(connection, version, set(offer_ids.values()))
    return [
        PriceMessage(
            subscription_id=subscription_id,
            command=commands[offer_ids[subscription_id]],
            started=subscription_id in begun,
        )
        for subscription_id in subscription_ids
        if offer_ids.get(subscription_id) in commands
    ]


def _pairs(connection: Connection, wanted: Select[str, str]) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(wanted)}


def _commands(connection: Connection, version: int, offer_ids: Collection[str]) -> dict[str, ChangePrice]:
    """The command for each of the offers that the version repriced."""
    wanted = select(catalog_version.c.at, catalog_version.c.changes).where(catalog_version.c.number == version)
    found = connection.execute(wanted).one_or_none()
    if found is None:
        return {}
    changed = (price_change.c.version == version) & price_change.c.offer_id.in_(offer_ids)
    repriced = connection.scalars(select(price_change.c.offer_id).where(changed)).all()
    own: dict[str, PriceList] = {each.offer: each for each in found.changes.price_lists}
    # A version without its lists was imported by an earlier program: the newest prices are all that is left of it.
    newest = offers_of(connection, [offer_id for offer_id in repriced if offer_id not in own])
    lists: dict[str, PriceList | ListedOffer] = {**newest, **own}
    return {offer_id: _command(lists[offer_id], version, found.at) for offer_id in repriced}


def _command(prices: PriceList | ListedOffer, version: int, at: datetime) -> ChangePrice:
    """The command depends on the version alone, so that sending it again has no effect."""
    return ChangePrice(
        by="system",
        command_id=f"prices-{version}",
        unit_price=price_at(prices.unit_price, prices.prices, at),
        holds_from=at,
        later=tuple(price for price in prices.prices if price.at > at),
        catalog_version=version,
    )


def _note_all_sent(connection: Connection, version: int, at: datetime) -> None:
    untold = (catalog_version.c.number == version) & catalog_version.c.told_at.is_(None)
    connection.execute(update(catalog_version).where(untold).values(told_at=at))
