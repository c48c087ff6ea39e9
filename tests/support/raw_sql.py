"""SQL as it stands, past our adapters but through the database's own transactions."""

from typing import Any

from sqlalchemy import Connection

from activities.adapters.sql.database import Database


async def rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    """What it selects."""
    return await database.read(_rows, statement)


async def change(database: Database, *statements: str) -> int:
    """How many rows the last of them changed, all in one transaction."""
    return await database.write(_change, statements)


def _rows(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(statement)]


def _change(connection: Connection, statements: tuple[str, ...]) -> int:
    return [connection.exec_driver_sql(statement).rowcount for statement in statements][-1]
