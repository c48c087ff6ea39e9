"""The database: its connections and transactions, with one writer at a time.

Each transaction runs as a whole in a thread: statement by statement from the event loop it took 3.6 times the CPU
(7.6 ms instead of 2.1).
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import URL, Connection, Engine, make_url

from activities.adapters.sql import postgres, sqlite
from activities.adapters.sql.errors import translated
from activities.adapters.sql.revision import refuse_other_revision
from activities.errors import BooksUnavailable

BUSY_TIMEOUT = timedelta(seconds=2)
READERS = 4
PAGE_SIZE = 50
"""How many entries a list returns where the caller does not say."""

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """`async with Database(url) as database: await database.write(change, ...)`.

    `change` and `ask` are plain functions that take a connection first; each call is one transaction.
    The URL is of SQLite or of PostgreSQL. A write waits up to `busy_timeout` for writers in this process, and then up
    to `busy_timeout` for those in others, and is refused where the database has another revision than this program.
    `migrates` is for the program that changes it. Database errors are raised as BooksUnavailable, SchemaMismatch or
    BooksConflict.
    """

    def __init__(self, url: str, *, busy_timeout: timedelta = BUSY_TIMEOUT, migrates: bool = False) -> None:
        self._busy = busy_timeout.total_seconds()
        self._url = make_url(url)
        # With foreign keys, rebuilding a table on SQLite would delete the rows that refer to it.
        self._engine = _engine(self._url, self._busy, foreign_keys=not migrates)
        self._migrates = migrates
        self._writes = self._engine.execution_options(writes=True)
        # One writer at a time. A queue is fair; SQLite's own waiting polls.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="books-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="books-reader")

    @property
    def file(self) -> str | None:
        """The path of a SQLite database, None for a server."""
        return self._url.database if _is_file(self._url) else None

    async def read(self, ask: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `ask` in a transaction that sees one state of the database, and return its result."""

        def transaction() -> T:
            with translated(self._url), self._engine.begin() as connection:
                return ask(connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._readers, transaction)

    async def write(self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `change` in a transaction and return its result once it is on disk. If it raises, nothing is written."""
        latest = time.monotonic() + self._busy

        def transaction() -> T:
            # If a lock does not go away, all writers wait at the same time, not one after another.
            if time.monotonic() > latest:
                raise BooksUnavailable(
                    f"The database has been busy for {self._busy:g} s: nothing was written. Try again."
                )
            with translated(self._url), self._writes.begin() as connection:
                if not self._migrates:
                    refuse_other_revision(connection)
                return change(connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._writer, transaction)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections after the running transactions are done."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._engine.dispose()


def _engine(url: URL, busy: float, *, foreign_keys: bool) -> Engine:
    if _is_file(url):
        return sqlite.engine_of(url, busy, foreign_keys=foreign_keys)
    return postgres.engine_of(url, busy)


def _is_file(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"
