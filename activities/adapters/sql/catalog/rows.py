"""Read the catalog inside a transaction."""

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from activities.adapters.sql.tables.catalog import catalog_version, customer, offer
from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Customer


def newest_version(connection: Connection) -> int:
    """The number of the last import that changed something, 0 before the first."""
    return connection.scalar(select(func.max(catalog_version.c.number))) or 0


def offers_of(connection: Connection, offer_ids: Collection[str]) -> dict[str, ListedOffer]:
    """The offers by id. Unknown ids are left out."""
    found = connection.scalars(select(offer.c.record).where(offer.c.id.in_(offer_ids)))
    return {record.id: record for record in found}


def customer_of(connection: Connection, customer_id: str) -> Customer | None:
    """The customer's record (ELG-8)."""
    record: Customer | None = connection.scalar(select(customer.c.record).where(customer.c.id == customer_id))
    return record


def partner_of(connection: Connection, customer_id: str) -> str | None:
    """The partner that sells to the customer; None for one without a record."""
    partner: str | None = connection.scalar(select(customer.c.partner_id).where(customer.c.id == customer_id))
    return partner
