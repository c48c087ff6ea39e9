"""Sort text by its bytes on PostgreSQL, as SQLite does, whatever the server's locale."""

from collections.abc import Iterable

from sqlalchemy import Connection, text

_OTHERWISE = text(
    "SELECT format('ALTER TABLE %s ALTER COLUMN %I TYPE %s COLLATE \"C\"',"
    " attrelid::regclass, attname, format_type(atttypid, atttypmod))"
    " FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
    " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname = ANY(:tables)"
    " AND attnum > 0 AND NOT attisdropped AND attcollation NOT IN (0, '\"C\"'::regcollation)"
    " ORDER BY attrelid, attnum"
)


def sort_by_bytes(connection: Connection, tables: Iterable[str]) -> None:
    """Give every text column of the tables the collation "C": pages start `after` an id, and instants sort by time.

    It changes comparisons only, not the stored text. Columns with this collation are left alone.
    """
    for statement in connection.scalars(_OTHERWISE, {"tables": list(tables)}).all():
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
