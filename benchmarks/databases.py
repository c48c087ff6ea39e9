"""The databases that a benchmark writes to: each begins empty, and is on disk before it answers."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def on_sqlite() -> Iterator[str]:
    """A new file."""
    with tempfile.TemporaryDirectory() as directory:
        yield f"sqlite:///{Path(directory) / 'books.db'}"


@contextmanager
def on_postgresql() -> Iterator[str]:
    """A new database on a server that writes to disk; TEST_DATABASE_URL's where it is set. Raises OSError."""
    try:
        from psycopg import sql  # noqa: PLC0415 - need not be installed

        from tests.support.postgres_server import NoServer, running_server  # noqa: PLC0415 - needs it
    except ImportError as error:
        raise OSError(f"its driver cannot be loaded ({error})") from None
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_server())
        except NoServer as none:
            raise OSError(str(none)) from None
        if not os.environ.get("TEST_DATABASE_URL"):
            # The tests' own server is made for speed.
            for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
                server.execute(sql.SQL("ALTER SYSTEM SET {} = on").format(sql.Identifier(setting)))
            server.execute(sql.SQL("SELECT pg_reload_conf()"))
        name = server.create()
        stack.callback(server.drop, name)
        yield server.url(name)


DATABASES: dict[str, Callable[[], Any]] = {"sqlite": on_sqlite, "postgresql": on_postgresql}
