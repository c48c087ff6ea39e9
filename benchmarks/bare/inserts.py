"""Raw inserts through the bare driver: one text in each row, each row in a commit of its own."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from threading import Thread
from typing import Any

from sqlalchemy import make_url

RAW_WRITERS = 8
"""Connections of a process to PostgreSQL that insert at once; SQLite takes one writer at a time anyway."""


def insert(url: str, text: str, count: int, at_once: int, begin: Callable[[], object]) -> tuple[float, float, float]:
    """Insert the text so often; when that began and ended, and the CPU that it took. `begin` waits for its turn."""
    on_file = make_url(url).get_backend_name() == "sqlite"
    writers = 1 if on_file else min(at_once, RAW_WRITERS)
    with ExitStack() as stack:
        connections = [stack.enter_context(_connection(url)) for _ in range(writers)]
        mark = "?" if on_file else "%s"

        def insert_rows(connection: Any, rows: int) -> None:
            for _ in range(rows):
                connection.execute(f"INSERT INTO raw VALUES ({mark})", (text,))

        shares = [count // writers + (number < count % writers) for number in range(writers)]
        threads = [Thread(target=insert_rows, args=pair) for pair in zip(connections, shares, strict=True)]
        begin()
        began, cpu = time.monotonic(), time.process_time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return began, time.monotonic(), time.process_time() - cpu


@contextmanager
def _connection(url: str) -> Iterator[Any]:
    """The bare driver; each statement is a transaction."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with closing(
            sqlite3.connect(str(parsed.database), isolation_level=None, timeout=60, check_same_thread=False)
        ) as file:
            file.execute("PRAGMA synchronous=FULL")
            yield file
        return
    import psycopg  # noqa: PLC0415 - need not be installed

    with psycopg.connect(url, autocommit=True) as server:
        yield server
