"""PostgreSQL: a server with as many writers as there are, who take turns as on SQLite (ADR 0012)."""

import math

from sqlalchemy import URL, Connection, Engine, create_engine, event

from activities.errors import BooksUnavailable

WRITERS_TURN = 0x506572656E6E6961
"""The advisory lock of whoever writes: one in a database."""
APPLICATION = "perennial"
LONGEST_STATEMENT = 5.0
"""In seconds: half of an activity's start_to_close, so that it can still report. No wait for a lock is longer."""
LONGEST_PAUSE = 10.0
"""In seconds, between two statements of a transaction: a worker that froze gives its turn back."""


def engine_of(url: URL, busy: float) -> Engine:
    """Connections to the server; a transaction of the option `writes` begins with its turn to write.

    Raises BooksUnavailable where the driver is not installed.
    """
    defaults = {
        "application_name": APPLICATION,
        # Below two seconds libpq takes two.
        "connect_timeout": max(2, math.ceil(busy)),
        # In milliseconds: a server that is gone without a word is noticed, too.
        "tcp_user_timeout": round(LONGEST_STATEMENT * 1_000),
    }
    given = {name: value for name, value in defaults.items() if name not in url.query}
    # Without the driver's own transactions: ours say at once what they are.
    driver = {**given, "autocommit": True}
    try:
        engine = create_engine(url.set(drivername="postgresql+psycopg"), connect_args=driver)
    except ImportError as error:
        raise BooksUnavailable(
            f"PERENNIAL_DATABASE_URL names PostgreSQL, whose driver cannot be loaded ({error}): install Perennial with "
            "its extra `postgres`, or pip install 'psycopg[binary]'."
        ) from None
    # In one message; the limits are the transaction's own, so that they hold through a pooler, too.
    options = {"no_parameters": True}
    limits = "; ".join(
        f"SET LOCAL {name} = {round(seconds * 1_000)}"
        for name, seconds in {
            "lock_timeout": busy,
            "statement_timeout": LONGEST_STATEMENT,
            "idle_in_transaction_session_timeout": LONGEST_PAUSE,
        }.items()
    )
    reads = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {limits}"
    # Every statement after the lock sees what the writer before has left. A snapshot for the whole
    # transaction would be taken before the wait, and be old after it.
    writes = f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {limits}; SELECT pg_advisory_xact_lock({WRITERS_TURN})"

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        is_writer = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql(writes if is_writer else reads, execution_options=options)

    return engine
