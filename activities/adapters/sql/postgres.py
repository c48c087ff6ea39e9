"""PostgreSQL: writers of all processes wait for those that they could disturb (ADR 0012)."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from activities.adapters.sql import locks
from activities.errors import BooksUnavailable

APPLICATION = "perennial"
LONGEST_STATEMENT = 5.0
"""Seconds. Half of an activity's start_to_close, so that it can still report; it also bounds a wait for a lock."""
DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', true) "
    "WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')"
)
"""A commit returns once it is on disk, whatever the server's, the database's or the role's default. `remote_apply`
stays, since it waits for more."""
LONGEST_PAUSE = 10.0
"""Seconds between two statements of a transaction. After that a frozen worker loses its locks."""


def engine_of(url: URL, busy: float, *, connections: int, limited: bool = True) -> Engine:
    """An engine for the server, with so many connections. A transaction with the option `locks` first waits for these.

    Unless it is `limited`, its transactions take as long as they need, as those of an upgrade of large tables do.
    Raises BooksUnavailable if the driver is not installed.
    """
    defaults = {
        "application_name": APPLICATION,
        # libpq rounds anything below 2 seconds up to 2. The patience of an upgrade is for locks alone.
        "connect_timeout": max(2, math.ceil(min(busy, LONGEST_STATEMENT))),
        # In milliseconds. Detects a server that disappeared without closing the connection.
        "tcp_user_timeout": round(LONGEST_STATEMENT * 1_000),
    }
    given = {name: value for name, value in defaults.items() if name not in url.query}
    # The driver begins no transactions of its own; ours say at once whether they write.
    driver = {**given, "autocommit": True}
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"), connect_args=driver, pool_size=connections, max_overflow=0
        )
    except ImportError as error:
        raise BooksUnavailable(
            f"PERENNIAL_DATABASE_URL names PostgreSQL, but its driver cannot be loaded ({error}): install Perennial "
            "with the extra `postgres`, or run pip install 'psycopg[binary]'."
        ) from None
    # One round trip. The limits are set per transaction, so that they also hold behind a connection pooler.
    options = {"no_parameters": True}
    limits = "; ".join(
        f"SET LOCAL {name} = {round(seconds * 1_000)}"
        for name, seconds in {
            "lock_timeout": busy,
            "statement_timeout": LONGEST_STATEMENT if limited else 0,
            "idle_in_transaction_session_timeout": LONGEST_PAUSE if limited else 0,
        }.items()
    )
    reads = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {limits}"
    # Every statement after the locks sees what the previous holders committed. A snapshot for the whole transaction
    # would be taken before the wait, and be outdated after it.
    writes = f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {limits}; {DURABLE}; "

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        wanted = connection.get_execution_options().get("locks")
        statements = reads if wanted is None else writes + locks.script(wanted)
        connection.exec_driver_sql(statements, execution_options=options)

    return engine


@contextmanager
def together(connection: Connection) -> Iterator[None]:
    """Send the statements inside in one go, on PostgreSQL, and wait for all of them at the end.

    Their results cannot be read. An error of any comes from here, as SQLAlchemy's.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver_error = connection.dialect.loaded_dbapi.Error
    try:
        with driver.pipeline():
            yield
    except driver_error as error:
        raise DBAPIError.instance("several statements", None, error, driver_error, dialect=connection.dialect) from None
