"""The database: its connections and transactions.

Each transaction runs as a whole in a thread: statement by statement from the event loop it took 3.6 times the CPU
(7.6 ms instead of 2.1).
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from functools import partial
from typing import Concatenate, ParamSpec, Self, TypeVar
from weakref import WeakValueDictionary

from sqlalchemy import URL, Connection, Engine, make_url

from activities.adapters.sql import postgres, sqlite
from activities.adapters.sql.batches import Batches
from activities.adapters.sql.errors import busy_for, translated
from activities.adapters.sql.locks import A_PART, EVERYTHING, Lock
from activities.adapters.sql.revision import refuse_other_revision
from activities.adapters.sql.waits import Turn, Waits

BUSY_TIMEOUT = timedelta(seconds=2)
READERS = 4
WRITERS = 8
"""Transactions of one process that write to PostgreSQL at once."""
PAGE_SIZE = 50
"""How many entries a list returns where the caller does not say."""

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """`async with Database(url) as database: await database.write(change, ...)`.

    `change` and `ask` are plain functions that take a connection first; each call is one transaction.
    The URL is of SQLite, which has one writer at a time, or of PostgreSQL, where a write waits for those that it could
    disturb (ADR 0012). It waits up to `busy_timeout` for writers in this process, and then up to `busy_timeout` for
    those in others, and is refused where the database has another revision than this program.
    `migrates` is for the program that changes it. Database errors are raised as BooksUnavailable, SchemaMismatch or
    BooksConflict. `waits` measures.
    """

    def __init__(
        self,
        url: str,
        *,
        busy_timeout: timedelta = BUSY_TIMEOUT,
        migrates: bool = False,
        waits: Waits | None = None,
    ) -> None:
        self._busy = busy_timeout.total_seconds()
        self._waits = waits or Waits()
        self._url = make_url(url)
        self._engine = _engine(self._url, self._busy, migrates=migrates)
        self._migrates = migrates
        # On SQLite one writer: a queue is fair, and SQLite's own waiting polls.
        writers = 1 if _is_file(self._url) else WRITERS
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="books-writer")
        self._batches = Batches(partial(self._writing, (EVERYTHING,)), self._busy)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="books-reader")
        self._lanes = WeakValueDictionary[int, asyncio.Semaphore]()

    @property
    def file(self) -> str | None:
        """The path of a SQLite database, None for a server."""
        return self._url.database if _is_file(self._url) else None

    @property
    def place(self) -> str:
        """Where it is, for people: the file, or host, port and name."""
        server = f"{self._url.host or 'localhost'}:{self._url.port or 5432}"
        return self.file or f"{server}/{self._url.database}"

    async def read(self, ask: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `ask` in a transaction that sees one state of the database, and return its result."""

        asked = self._waits.timed(Turn.READ, lambda connection: ask(connection, *args, **kwargs))

        def transaction() -> T:
            with translated(self._url), self._engine.begin() as connection:
                return asked(connection)

        return await asyncio.get_running_loop().run_in_executor(self._readers, transaction)

    async def write(self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `change` in a transaction and return its result once it is on disk. If it raises, nothing is written.

        No other transaction writes meanwhile. `write_under` is for changes that do not concern everybody.
        """
        return await self._write((EVERYTHING,), lambda connection: change(connection, *args, **kwargs))

    async def write_under(
        self, locks: Sequence[Lock], change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same, while other transactions write that need none of these locks."""
        return await self._write((A_PART, *locks), lambda connection: change(connection, *args, **kwargs))

    async def _write(self, locks: tuple[Lock, ...], change: Callable[[Connection], T]) -> T:
        change = self._waits.timed(Turn.WRITE, change)
        if _is_file(self._url):
            result: Future[T] = self._batches.add(partial(self._translated, change))
            self._writers.submit(self._batches.write_next)
            return await asyncio.wrap_future(result)
        latest = time.monotonic() + self._busy
        async with AsyncExitStack() as stack:
            for lock in locks:
                if lock.name:
                    await stack.enter_async_context(self._lane(lock))
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._writers, self._transaction, locks, change, latest)

    def _transaction(self, locks: tuple[Lock, ...], change: Callable[[Connection], T], latest: float) -> T:
        # If a lock does not go away, all writers wait at the same time, not one after another.
        if time.monotonic() > latest:
            raise busy_for(self._busy)
        with self._writing(locks) as connection:
            return change(connection)

    @contextmanager
    def _writing(self, locks: tuple[Lock, ...]) -> Iterator[Connection]:
        opened = self._engine.connect
        with translated(self._url), opened().execution_options(locks=locks) as connection, connection.begin():
            if not self._migrates:
                refuse_other_revision(connection)
            yield connection

    def _translated(self, change: Callable[[Connection], T], connection: Connection) -> T:
        with translated(self._url):
            return change(connection)

    def _lane(self, lock: Lock) -> asyncio.Semaphore:
        """Lets some of the writers wait for the lock at once, so that others are left for everybody else."""
        return self._lanes.setdefault(lock.key, asyncio.Semaphore(WRITERS // 2))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections after the running transactions are done."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writers.shutdown()
        self._readers.shutdown()
        self._engine.dispose()


def _engine(url: URL, busy: float, *, migrates: bool) -> Engine:
    if _is_file(url):
        # With foreign keys, rebuilding a table would delete the rows that refer to it.
        return sqlite.engine_of(url, busy, foreign_keys=not migrates)
    return postgres.engine_of(url, busy, connections=READERS + WRITERS, limited=not migrates)


def _is_file(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"
