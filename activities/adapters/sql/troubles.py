"""What the database's own errors mean to us: the one place that translates them."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from activities.errors import BooksConflict, BooksUnavailable, SchemaMismatch, WorldError

_LACKS = ("no such table", "no such column", "has no column named")


@contextmanager
def translated() -> Iterator[None]:
    """Raise BooksConflict, SchemaMismatch or BooksUnavailable for what the database raises inside."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise _meaning(error) from None
    except (NoConnectionFree, OSError) as error:
        raise _unavailable(str(error)) from None


def _meaning(error: DBAPIError | sqlite3.Error) -> WorldError:
    cause = error.orig if isinstance(error, DBAPIError) else error
    reason = str(cause)
    if isinstance(error, IntegrityError | sqlite3.IntegrityError):
        return BooksConflict(f"The books refuse it: {reason}.")
    if isinstance(error, ProgrammingError) or reason.startswith(_LACKS):
        return SchemaMismatch(
            f"The database lacks what this version of Perennial takes ({reason}): "
            "start a worker of this version, it upgrades the database."
        )
    return _unavailable(reason)


def _unavailable(reason: str) -> BooksUnavailable:
    return BooksUnavailable(
        f"The database cannot be used now ({reason}): nothing was written. "
        "Try again; if it lasts, see that its file and disk can be written and nobody holds it locked."
    )
