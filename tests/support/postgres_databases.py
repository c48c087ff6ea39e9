"""Databases that tests use one after the other: to empty one takes less time than to make one."""

from collections import Counter
from typing import Any

import psycopg
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from tests.support.postgres_server import PostgresServer

Connection = psycopg.Connection[Any]
MOST_USES = 100
"""Rows that were deleted stay in the files, and make them longer."""
_SHAPE = """
SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
    SELECT concat_ws(' ', 'class', relname, relkind, relacl, reloptions) AS line
        FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'column', attrelid::regclass, attname, atttypid::regtype, attnotnull, attisdropped)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'trigger', tgrelid::regclass, pg_get_triggerdef(oid), tgenabled)
        FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, pg_get_constraintdef(oid), convalidated)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid), indisvalid)
        FROM pg_index JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'function', pg_get_functiondef(oid))
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'setting', setconfig)
        FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database()
) AS lines
"""
_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class Copies:
    """Copies of a template, lent to one test after the other; what a test has altered is made anew."""

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server, self._template = server, template
        self._free: list[str] = []
        self._uses = Counter[str]()
        with self._connected(template) as connection:
            self._shape = _shape(connection)
            self._filled = {table: _rows(connection, table) for table in _written(connection)}

    def take(self) -> str:
        """The name of a database that is as the template."""
        return self._free.pop() if self._free else self._server.create(self._template)

    def give_back(self, name: str) -> None:
        """Empty it for the next test, or drop it."""
        self._uses[name] += 1
        if self._uses[name] < MOST_USES and self._emptied(name):
            self._free.append(name)
        else:
            self._server.drop(name)

    def drop(self) -> None:
        """All that is free."""
        while self._free:
            self._server.drop(self._free.pop())

    def _emptied(self, name: str) -> bool:
        with self._connected(name) as connection:
            connection.execute(_OTHERS)
            if _shape(connection) != self._shape:
                return False
            try:
                # Without the triggers that keep what is append-only.
                connection.execute("SET session_replication_role = replica")
            except InsufficientPrivilege:
                return False
            for table in _written(connection):
                if table not in self._filled:
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            used = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
            for (sequence,) in connection.execute(used).fetchall():
                connection.execute(sql.SQL("ALTER SEQUENCE {} RESTART").format(sql.Identifier(sequence)))
            return all(_rows(connection, table) == rows for table, rows in self._filled.items())

    def _connected(self, name: str) -> Connection:
        return psycopg.connect(self._server.url(name, drivername="postgresql"), autocommit=True)


def _shape(connection: Connection) -> object:
    return connection.execute(_SHAPE).fetchone()


def _written(connection: Connection) -> list[str]:
    """The tables whose files are not empty: they have rows, or had some."""
    sized = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    return [name for (name,) in connection.execute(f"{sized} AND pg_relation_size(oid) > 0").fetchall()]


def _rows(connection: Connection, table: str) -> list[str]:
    wanted = sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(sql.Identifier(table))
    return [row for (row,) in connection.execute(wanted).fetchall()]
