"""SQL as it stands, past our adapters but through the database's own transactions."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from activities.adapters.sql.database import Database
from activities.settings import Settings

APPEND_ONLY = (
    *("journal", "ledger_entry", "entry", "posting", "invoice", "invoice_line", "payment"),
    *("account_event", "month_close", "credit_note"),
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
        assert await change(database, *(f"DROP TRIGGER {name}" for (name,) in triggers), *statements) > 0
        return
    off, on = ([f"ALTER TABLE {table} {how} TRIGGER USER" for table in APPEND_ONLY] for how in ("DISABLE", "ENABLE"))
    assert await change(database, *off, *statements) > 0
    await change(database, *on)


def _rows(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(statement)]


def _change(connection: Connection, statements: tuple[str, ...]) -> int:
    return [connection.exec_driver_sql(statement).rowcount for statement in statements][-1]


def altered(settings: Settings, tmp_path: Path, subscription: str, statement: str) -> str:
    """A copy of the books in which somebody altered one row."""
    copy = tmp_path / "copy.db"
    file = settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file)) as books, closing(sqlite3.connect(copy, isolation_level=None)) as other:
        books.backup(other)
        for (trigger,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            other.execute(f"DROP TRIGGER {trigger}")
        assert other.execute(statement, (subscription,)).rowcount == 1
    return f"sqlite:///{copy}"
