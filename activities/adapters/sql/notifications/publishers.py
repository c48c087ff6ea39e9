"""The publishers that the catalog lists: written by its imports, read by every worker."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, ScalarSelect, and_, exists, func, insert, select

from activities.adapters.sql.database import Database
from activities.adapters.sql.tables.catalog import offer, publisher
from domain.catalog.publishers import ListedPublisher


class SqlPublishers:
    """The port `PublisherBook`. All methods raise BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[ListedPublisher]:
        return list((await self._database.read(newest)).values())

    async def get(self, publisher_id: str) -> ListedPublisher | None:
        return (await self._database.read(newest, [publisher_id])).get(publisher_id)


def newest(connection: Connection, ids: Collection[str] | None = None) -> dict[str, ListedPublisher]:
    """The newest version of these publishers, or of all, by id. Unknown ids are left out."""
    last = select(publisher.c.id, func.max(publisher.c.version).label("version")).group_by(publisher.c.id)
    if ids is not None:
        last = last.where(publisher.c.id.in_(ids))
    of_it = last.subquery()
    wanted = select(publisher.c.record).join(
        of_it, and_(of_it.c.id == publisher.c.id, of_it.c.version == publisher.c.version)
    )
    return {record.id: record for record in connection.scalars(wanted.order_by(publisher.c.id))}


def add(connection: Connection, version: int, records: Sequence[ListedPublisher]) -> None:
    """Add the records as of that version of the catalog."""
    if records:
        rows = [{"id": record.id, "version": version, "record": record} for record in records]
        connection.execute(insert(publisher), rows)


def to_notify(offer_id: ColumnElement[str]) -> ScalarSelect[str | None]:
    """Selects the offer's `vendor`, if the catalog lists it as a publisher.

    It is the same for every worker, whatever its secrets. An inactive one too: what happens meanwhile waits for it.
    """
    is_listed = exists().where(publisher.c.id == offer.c.vendor)
    return select(offer.c.vendor).where(offer.c.id == offer_id, is_listed).scalar_subquery()
