"""Read the subscriptions to which something will still happen, many at a time, for forecasts."""

from typing import Any

from sqlalchemy import Connection, Select, exists, func, or_, select

from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription import usage
from activities.adapters.sql.subscription.reader import LATEST, as_recorded
from activities.adapters.sql.tables.catalog import customer, offer, partner
from activities.adapters.sql.tables.subscription import subscription
from activities.billing.contracts import Forecastable, Whose
from domain.subscription.events import State

_ENDED = [state.value for state in State if state.ended]


class SqlPortfolio:
    """The port `Portfolio`. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def knows(self, whose: Whose) -> bool:
        return await self._database.read(_knows, whose)

    async def size(self, whose: Whose) -> int:
        return await self._database.read(_size, whose)

    async def page(self, whose: Whose, limit: int, after: str | None = None) -> list[Forecastable]:
        try:
            return await self._database.read(_page, whose, limit, after)
        except ValueError:
            # A value of one of them is no JSON, or does not fit its model: each is read by itself.
            ids = await self._database.read(_ids, whose, limit, after)
            return [await self._one(subscription_id) for subscription_id in ids]

    async def _one(self, subscription_id: str) -> Forecastable:
        try:
            return await self._database.read(_one, subscription_id)
        except ValueError:
            return Forecastable(subscription_id=subscription_id, subscription=None)


def _knows(connection: Connection, whose: Whose) -> bool:
    asked = [
        (whose.customer, exists().where(subscription.c.customer_id == whose.customer)),
        (whose.customer, exists().where(customer.c.id == whose.customer)),
        (whose.publisher, exists().where(offer.c.vendor == whose.publisher)),
        (whose.partner, exists().where(partner.c.id == whose.partner)),
    ]
    found = [bool(connection.scalar(select(known))) for wanted, known in asked if wanted is not None]
    return any(found) or not found


def _size(connection: Connection, whose: Whose) -> int:
    return connection.scalar(_filtered(select(func.count()).select_from(subscription), whose)) or 0


def _page(connection: Connection, whose: Whose, limit: int, after: str | None) -> list[Forecastable]:
    return _forecastable(connection, _paged(LATEST, whose, limit, after))


def _ids(connection: Connection, whose: Whose, limit: int, after: str | None) -> list[str]:
    return list(connection.scalars(_paged(select(subscription.c.id), whose, limit, after)))


def _one(connection: Connection, subscription_id: str) -> Forecastable:
    (found,) = _forecastable(connection, LATEST.where(subscription.c.id == subscription_id))
    return found


def _paged(wanted: Select[Any], whose: Whose, limit: int, after: str | None) -> Select[Any]:
    page = _filtered(wanted, whose).order_by(subscription.c.id).limit(limit)
    return page if after is None else page.where(subscription.c.id > after)


def _forecastable(connection: Connection, wanted: Select[Any]) -> list[Forecastable]:
    rows = connection.execute(wanted).mappings().all()
    unbilled = usage.of_many(connection, [row["id"] for row in rows])
    return [
        Forecastable(
            subscription_id=row["id"],
            subscription=as_recorded(row) if row["snapshot"] is not None else None,
            usage=unbilled.get(row["id"], ()),
        )
        for row in rows
    ]


def _filtered(wanted: Select[Any], whose: Whose) -> Select[Any]:
    """Those that have not ended, or have usage to settle."""
    wanted = wanted.where(or_(subscription.c.state.not_in(_ENDED), subscription.c.next_at.is_not(None)))
    if whose.customer is not None:
        wanted = wanted.where(subscription.c.customer_id == whose.customer)
    if whose.publisher is not None:
        made = select(offer.c.id).where(offer.c.vendor == whose.publisher)
        wanted = wanted.where(subscription.c.offer_id.in_(made))
    if whose.partner is not None:
        its = select(customer.c.id).where(customer.c.partner_id == whose.partner)
        wanted = wanted.where(subscription.c.customer_id.in_(its))
    return wanted
