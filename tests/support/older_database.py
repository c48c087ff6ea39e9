"""A database as an earlier program left it: of that revision, with what it had written."""

from collections.abc import Sequence
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Table, insert, inspect, select

from activities.adapters.sql.database import Database
from activities.adapters.sql.tables.notifications import outbox
from activities.adapters.sql.tables.subscription import decision, journal, ledger_entry, subscription

BOOKS = (subscription, decision, journal, ledger_entry, outbox)


async def older(database: Database, revision: str, newer: Database) -> None:
    """Of that revision, with the lives that a database of this one holds."""
    await database.write(_upgrade_to, revision)
    await database.write(_write, await newer.read(_written))


def _written(connection: Connection) -> list[tuple[Table, Sequence[Any]]]:
    return [(table, connection.execute(select(table)).mappings().all()) for table in BOOKS]


def _write(connection: Connection, found: list[tuple[Table, Sequence[Any]]]) -> None:
    for table, entries in found:
        columns = {column["name"] for column in inspect(connection).get_columns(table.name)}
        known = [{name: value for name, value in entry.items() if name in columns} for entry in entries]
        connection.execute(insert(table), known)


def _upgrade_to(connection: Any, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "activities.adapters.sql:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
