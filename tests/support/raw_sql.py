"""SQL as it stands, past our adapters but through the database's own transactions."""

from typing import Any

from sqlalchemy import Connection

from activities.adapters.sql.database import Database

APPEND_ONLY = (
    *("journal", "ledger_entry", "entry", "posting", "invoice", "invoice_line", "payment"),
    *("account_event", "month_close"),
)


async def rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    """What it selects."""
    return await database.read(_rows, statement)


async def change(database: Database, *statements: str) -> int:
    """How many rows the last of them changed, all in one transaction."""
    return await database.write(_change, statements)


async def alter(database: Database, *statements: str) -> None:
    """As somebody who owns the database, and has no respect for triggers."""
    if database.file:
        triggers = await rows(database, "SELECT name FROM sqlite_master WHERE type = 'trigger'")
        off = [f"DROP TRIGGER {name}" for (name,) in triggers]
    else:
        off = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in APPEND_ONLY]
    assert await change(database, *off, *statements) > 0


def _rows(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(statement)]


def _change(connection: Connection, statements: tuple[str, ...]) -> int:
    return [connection.exec_driver_sql(statement).rowcount for statement in statements][-1]
