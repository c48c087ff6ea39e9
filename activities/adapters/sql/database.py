"""One database: its connections, its transactions, and who may write.

Transactions run in threads, whole. Driven statement by statement from the event loop, the same record took
3.6 times the CPU (7.6 ms against 2.1).
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url

from activities.adapters.sql.troubles import translated
from activities.errors import BooksUnavailable

BUSY_TIMEOUT = timedelta(seconds=2)
READERS = 4
_LOCK_POLL = 0.01

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """`async with Database(url) as database: await database.write(change, ...)`.

    `change` and `ask` are plain functions that take a connection first; each call is one transaction.
    `busy_timeout` is how long a write waits for others, in this process and again in other ones. Every error
    of the database is raised as BooksUnavailable, SchemaMismatch or BooksConflict.
    """

    def __init__(self, url: str, *, busy_timeout: timedelta = BUSY_TIMEOUT, foreign_keys: bool = True) -> None:
        self._busy = busy_timeout.total_seconds()
        self._engine = _sqlite(url, self._busy, foreign_keys)
        self._writes = self._engine.execution_options(writes=True)
        # SQLite has one writer. Waiting for it in a queue is fair; its own waiting polls.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="books-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="books-reader")

    @property
    def file(self) -> str | None:
        """The database's file, where it is one."""
        return self._engine.url.database

    async def read(self, ask: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function finds, in a transaction that sees one state of the database throughout."""

        def transaction() -> T:
            with translated(self.file), self._engine.begin() as connection:
                return ask(connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._readers, transaction)

    async def write(self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns, once all it wrote is on disk; where it raises, nothing is."""
        latest = time.monotonic() + self._busy

        def transaction() -> T:
            # Behind a lock that does not go away everybody waits once, not one after another.
            if time.monotonic() > latest:
                raise BooksUnavailable(
                    f"The database has been busy for {self._busy:g} s: nothing was written. Try again."
                )
            with translated(self.file), self._writes.begin() as connection:
                return change(connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._writer, transaction)

    async def close(self) -> None:
        """Close every connection, once what is under way is done."""
        await asyncio.to_thread(self._close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._engine.dispose()


def _sqlite(url: str, busy: float, foreign_keys: bool) -> Engine:
    # Without the driver's own transactions: it would begin them late, and deferred.
    driver = {"timeout": busy, "isolation_level": None}
    engine = create_engine(make_url(url).set(drivername="sqlite"), connect_args=driver)
    event.listen(engine, "begin", _begin)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:
        # Readers do not wait for the writer; what is acknowledged survives a power cut.
        _use_write_ahead_log(connection, busy)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")

    return engine


def _use_write_ahead_log(connection: Any, busy: float) -> None:
    """SQLite's own timeout does not wait for this lock: two that make a new file at once meet here."""
    latest = time.monotonic() + busy
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > latest:
                raise
            time.sleep(_LOCK_POLL)
        else:
            return


def _begin(connection: Connection) -> None:
    # A deferred transaction that turns into a write can fail at once, whatever the timeout.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
