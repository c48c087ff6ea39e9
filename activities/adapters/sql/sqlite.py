"""SQLite: a file with one writer, whom the others wait for."""

import sqlite3
import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

_LOCK_POLL = 0.01


def engine_of(url: URL, busy: float, *, foreign_keys: bool) -> Engine:
    """Connections to the file; a transaction of the option `writes` begins as the writer."""
    # Without the driver's own transactions: it would begin them late, and deferred.
    driver = {"timeout": busy, "isolation_level": None}
    engine = create_engine(url.set(drivername="sqlite"), connect_args=driver)
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
