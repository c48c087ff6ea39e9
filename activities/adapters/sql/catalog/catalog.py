"""Offers, customers and partners in SQL, and each import that changed them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, func, insert, select, update

from activities.adapters.sql.catalog.rows import customer_of, newest_version, offers_of
from activities.adapters.sql.database import PAGE_SIZE, Database
from activities.adapters.sql.notifications import publishers
from activities.adapters.sql.tables.catalog import catalog_version, customer, offer, price_change, tax_rate
from activities.adapters.sql.tables.catalog import partner as partner_table
from activities.adapters.sql.tables.orders import order_line
from activities.adapters.sql.tables.subscription import subscription
from domain.catalog.catalog import Contents, ListedOffer
from domain.catalog.changes import CatalogVersion, Changes, Imported, RecordKind
from domain.catalog.customers import Customer, Partner
from domain.catalog.differences import Record
from domain.catalog.importing import Plan, Stored, ids_to_compare, plan
from domain.catalog.offers import BillingType, Category, Publisher
from domain.subscription.events import State
from domain.taxes.table import ListedTax

AT_ONCE = 500
"""Ids per statement; databases limit their number."""
MAX_SOURCE = 1_000


class SqlCatalog:
    """Reads the catalog, and imports into it. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self) -> CatalogVersion | None:
        return await self._database.read(_version)

    async def versions_to_send(self) -> list[int]:
        return await self._database.read(_versions_to_send)

    async def offer(self, offer_id: str) -> ListedOffer | None:
        return (await self.offers([offer_id])).get(offer_id)

    async def offers(self, offer_ids: Collection[str]) -> dict[str, ListedOffer]:
        return await self._database.read(offers_of, offer_ids)

    async def page(
        self,
        publisher: Publisher | None = None,
        billing_type: BillingType | None = None,
        category: Category | None = None,
        one_per_customer: bool | None = None,
        limit: int = PAGE_SIZE,
        after: str | None = None,
    ) -> list[ListedOffer]:
        filters = {
            "publisher": publisher and publisher.value,
            "billing_type": billing_type and billing_type.value,
            "category": category and category.value,
            "one_per_customer": one_per_customer,
        }
        return await self._database.read(_page, offer, filters, limit, after)

    async def customer(self, customer_id: str) -> Customer | None:
        return await self._database.read(customer_of, customer_id)

    async def customers(
        self, partner: str | None = None, limit: int = PAGE_SIZE, after: str | None = None
    ) -> list[Customer]:
        return await self._database.read(_page, customer, {"partner_id": partner}, limit, after)

    async def partner(self, partner_id: str) -> Partner | None:
        found = await self._database.read(_by_id, partner_table, [partner_id])
        return found.get(partner_id)

    async def partners(self, limit: int = PAGE_SIZE, after: str | None = None) -> list[Partner]:
        return await self._database.read(_page, partner_table, {}, limit, after)

    async def subscriptions_of(self, customer_id: str) -> dict[State, int]:
        return await self._database.read(_subscriptions_of, customer_id)

    async def publisher_of(self, subscription_id: str) -> str | None:
        return await self._database.read(_publisher_of, subscription_id)

    async def contents(self) -> Contents:
        return await self._database.read(_contents)

    async def preview(self, contents: Contents, at: datetime) -> Imported:
        return await self._database.read(_preview, contents, at)

    async def import_contents(self, contents: Contents, source: str, at: datetime) -> Imported:
        return await self._database.write(_import, contents, source, at)


def _version(connection: Connection) -> CatalogVersion | None:
    row = connection.execute(select(catalog_version).order_by(catalog_version.c.number.desc()).limit(1)).first()
    return CatalogVersion.model_validate(dict(row._mapping)) if row else None


def _versions_to_send(connection: Connection) -> list[int]:
    waiting = select(catalog_version.c.number).where(catalog_version.c.told_at.is_(None))
    return list(connection.scalars(waiting.order_by(catalog_version.c.number)))


def _page(
    connection: Connection, table: Table, filters: Mapping[str, object], limit: int, after: str | None
) -> list[Any]:
    wanted: Select[Any] = select(table.c.record).order_by(table.c.id).limit(limit)
    for column, value in filters.items():
        if value is not None:
            wanted = wanted.where(table.c[column] == value)
    if after is not None:
        wanted = wanted.where(table.c.id > after)
    return list(connection.scalars(wanted))


def _subscriptions_of(connection: Connection, customer_id: str) -> dict[State, int]:
    counts = select(subscription.c.state, func.count()).where(subscription.c.customer_id == customer_id)
    return {State(state): count for state, count in connection.execute(counts.group_by(subscription.c.state))}


def _publisher_of(connection: Connection, subscription_id: str) -> str | None:
    recorded = select(subscription.c.offer_id).where(subscription.c.id == subscription_id).scalar_subquery()
    # From the order line, if the subscription has no event on record yet.
    placed = select(order_line.c.offer_id).where(order_line.c.subscription_id == subscription_id).scalar_subquery()
    vendor: str | None = connection.scalar(select(offer.c.vendor).where(offer.c.id == func.coalesce(recorded, placed)))
    return vendor


def _contents(connection: Connection) -> Contents:
    def of(table: Table) -> tuple[Any, ...]:
        return tuple(connection.scalars(select(table.c.record).order_by(table.c.id)))

    listed = tuple(publishers.newest(connection).values())
    return Contents(
        partners=of(partner_table),
        customers=of(customer),
        offers=of(offer),
        publishers=listed,
        tax_rates=of(tax_rate),
    )


def _preview(connection: Connection, contents: Contents, at: datetime) -> Imported:
    planned, version = _planned(connection, contents, at), newest_version(connection)
    return Imported(version=version + bool(planned.changes), changes=planned.changes)


def _import(connection: Connection, contents: Contents, source: str, at: datetime) -> Imported:
    before = _version(connection)
    number = before.number if before else 0
    # If the clock went back, prices that are already in force stay in force.
    at = max(at, before.at) if before else at
    planned = _planned(connection, contents, at)
    if not planned.changes:
        return Imported(version=number, changes=planned.changes)
    _write(connection, planned)
    publishers.add(connection, number + 1, planned.publishers)
    _note(connection, number + 1, planned.changes, source, at)
    return Imported(version=number + 1, changes=planned.changes)


def _planned(connection: Connection, contents: Contents, at: datetime) -> Plan:
    named = ids_to_compare(contents)
    stored = Stored(
        partners=_by_id(connection, partner_table, named.partners),
        customers=_by_id(connection, customer, named.customers),
        offers=_by_id(connection, offer, named.offers),
        publishers=publishers.newest(connection, named.publishers),
        tax_rates={each.id: each for each in connection.scalars(select(tax_rate.c.record))},
    )
    return plan(contents, stored, at)


def _by_id(connection: Connection, table: Table, ids: Collection[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting = sorted(ids)
    for first in range(0, len(waiting), AT_ONCE):
        some = table.c.id.in_(waiting[first : first + AT_ONCE])
        found.update((record.id, record) for record in connection.scalars(select(table.c.record).where(some)))
    return found


def _write(connection: Connection, planned: Plan) -> None:
    new = {(change.kind, change.id) for change in planned.changes.records if change.new}
    # Partners first: a customer's row refers to its partner's.
    for kind, table, records in (
        (RecordKind.PARTNER, partner_table, planned.partners),
        (RecordKind.CUSTOMER, customer, planned.customers),
        (RecordKind.OFFER, offer, planned.offers),
        (RecordKind.TAX_RATE, tax_rate, planned.tax_rates),
    ):
        rows = {record.id: {"id": record.id, "record": record, **_columns(record)} for record in records}
        if added := [row for key, row in rows.items() if (kind, key) in new]:
            connection.execute(insert(table), added)
        if changed := [{**row, "key": key} for key, row in rows.items() if (kind, key) not in new]:
            values: dict[str, Any] = {name: bindparam(name) for name in changed[0] if name not in {"id", "key"}}
            connection.execute(update(table).where(table.c.id == bindparam("key")).values(values), changed)


def _columns(record: Record) -> dict[str, object]:
    """The columns by which lists are filtered."""
    if isinstance(record, Customer):
        return {"partner_id": record.partner}
    if isinstance(record, ListedTax):
        return {"country": record.country}
    if isinstance(record, ListedOffer):
        filters = {"publisher", "billing_type", "category", "one_per_customer", "vendor"}
        return record.model_dump(mode="json", include=filters)
    return {}


def _note(connection: Connection, number: int, changes: Changes, source: str, at: datetime) -> None:
    repriced = changes.repriced
    columns = {"number": number, "at": at, "source": source[:MAX_SOURCE], "changes": changes}
    connection.execute(insert(catalog_version).values(columns | {"told_at": None if repriced else at}))
    if repriced:
        connection.execute(insert(price_change), [{"version": number, "offer_id": key} for key in repriced])
