"""What the database's own errors mean to us: the one place that translates them."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from activities.errors import BooksConflict, BooksUnavailable, SchemaMismatch, WorldError

_LACKS = ("no such table", "no such column", "has no column named")
_UNUSABLE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CANTOPEN)


@contextmanager
def translated(file: str | None) -> Iterator[None]:
    """Raise BooksConflict, SchemaMismatch or BooksUnavailable for what the file's database raises inside."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise _meaning(error, file) from None
    except (NoConnectionFree, OSError) as error:
        raise _unavailable(str(error)) from None


def unusable(file: object, error: BaseException | None, setting: str) -> str | None:
    """What to say of a file that is no database that can be opened; None where the error is another one."""
    # Without the extended codes' upper bytes, which say why in detail.
    if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _UNUSABLE:
        return None
    return f"{file} is not a usable database ({error}): restore a backup, or choose another path by {setting}."


def _meaning(error: DBAPIError | sqlite3.Error, file: str | None) -> WorldError:
    cause = error.orig if isinstance(error, DBAPIError) else error
    reason = str(cause)
    if isinstance(error, IntegrityError | sqlite3.IntegrityError):
        return BooksConflict(f"The books refuse it: {reason}.")
    if isinstance(error, ProgrammingError) or reason.startswith(_LACKS):
        return SchemaMismatch(
            f"The database lacks what this version of Perennial takes ({reason}): "
            "start a worker of this version, it upgrades the database."
        )
    if line := unusable(file, cause, "PERENNIAL_DATABASE_URL"):
        return BooksUnavailable(line)
    return _unavailable(reason)


def _unavailable(reason: str) -> BooksUnavailable:
    return BooksUnavailable(
        f"The database cannot be used now ({reason}): nothing was written. "
        "Try again; if it lasts, see that its file and disk can be written and nobody holds it locked."
    )
