"""SQLite: a file with one writer at a time."""

import sqlite3
import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

_LOCK_POLL = 0.01


def engine_of(url: URL, busy: float, *, foreign_keys: bool) -> Engine:
    """An engine for the file. A transaction with the option `locks` takes the only one, to write, when it begins."""
    # The driver begins no transactions of its own: it would begin them late, and deferred.
    driver = {"timeout": busy, "isolation_level": None}
    engine = create_engine(url.set(drivername="sqlite"), connect_args=driver)
    event.listen(engine, "begin", _begin)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:
        # Readers do not wait for the writer, and what is committed survives a power cut.
        _use_write_ahead_log(connection, busy)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")

    return engine


def _use_write_ahead_log(connection: Any, busy: float) -> None:
    """Switch to WAL. Two processes that create the file at once compete here, and SQLite's timeout does not apply."""
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
    # A deferred transaction that later writes can fail at once, without waiting for the timeout.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if "locks" in connection.get_execution_options() else "BEGIN")
