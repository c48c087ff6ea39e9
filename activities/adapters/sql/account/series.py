"""Series of numbers without gaps: a partner's invoices, and its credit notes (MON-5, MON-10)."""

from sqlalchemy import Connection, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite

from activities.adapters.sql.tables.catalog import customer

_DIALECTS = {"sqlite": sqlite, "postgresql": postgresql}


def series_of(connection: Connection, customer_id: str) -> str:
    """The partner's id, or the customer's if the catalog has no record of it."""
    partner: str | None = connection.scalar(select(customer.c.partner_id).where(customer.c.id == customer_id))
    return partner or customer_id


def last_number(connection: Connection, table: Table, series: str) -> int:
    """The series' last number. Its row stays locked until the transaction ends, so numbers have no gaps (MON-5).

    Several customers of a partner close their months at once: they wait for each other here.
    """
    beginning = _DIALECTS[connection.dialect.name].insert(table).on_conflict_do_nothing()
    connection.execute(beginning, {"series": series, "last_number": 0})
    of_series = table.c.series == series
    last: int = connection.scalars(select(table.c.last_number).where(of_series).with_for_update()).one()
    return last


def take(connection: Connection, table: Table, series: str, number: int) -> None:
    """Note the number as the last one that is taken."""
    connection.execute(update(table).where(table.c.series == series).values(last_number=number))
