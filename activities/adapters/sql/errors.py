"""Translate the database's errors into those of activities/errors."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from activities.errors import BooksConflict, BooksUnavailable, SchemaMismatch, WorldError
from domain.next_step import Do, NextStep

_LACKS = ("no such table", "no such column", "has no column named")
_UNUSABLE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CANTOPEN)
# PostgreSQL's codes: no such table, column, function, schema.
_UNDEFINED = ("42P01", "42703", "42883", "3F000")
_RAISED, _NO_PRIVILEGE = "P0001", "42501"


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turn database errors inside into BooksConflict, SchemaMismatch or BooksUnavailable."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise (_of_file(error, url.database) if url.get_backend_name() == "sqlite" else _of_server(error)) from None
    except (NoConnectionFree, OSError) as error:
        raise _unavailable(str(error)) from None


def busy_for(seconds: float) -> BooksUnavailable:
    """The error of a change that could not begin for so long."""
    return BooksUnavailable(f"The database has been busy for {seconds:g} s: nothing was written. Try again.")


def unusable(file: object, error: BaseException | None, setting: str) -> str | None:
    """The message for a file that cannot be opened as a database. None for any other error."""
    # The low byte is the primary error code.
    if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _UNUSABLE:
        return None
    return f"{file} is not a usable database ({error}): restore a backup, or choose another path with {setting}."


def _of_file(error: DBAPIError | sqlite3.Error, file: str | None) -> WorldError:
    cause = error.orig if isinstance(error, DBAPIError) else error
    reason = str(cause)
    if isinstance(error, IntegrityError | sqlite3.IntegrityError):
        return _conflict(reason)
    if isinstance(error, ProgrammingError) or reason.startswith(_LACKS):
        return _mismatch(reason)
    if line := unusable(file, cause, "PERENNIAL_DATABASE_URL"):
        return BooksUnavailable(line)
    return _unavailable(reason)


def _of_server(error: DBAPIError | sqlite3.Error) -> WorldError:
    cause = getattr(error, "orig", None)
    code = getattr(cause, "sqlstate", None)
    # Only the primary message: the details can contain a whole row.
    reason = getattr(getattr(cause, "diag", None), "message_primary", None) or str(cause).strip()
    if isinstance(error, IntegrityError | DataError) or code == _RAISED:
        return _conflict(reason)
    if code in _UNDEFINED:
        return _mismatch(reason)
    if code == _NO_PRIVILEGE:
        return BooksUnavailable(
            f"The user of PERENNIAL_DATABASE_URL lacks a privilege ({reason}): grant it, or name the tables' owner."
        )
    if _never_opened(error):
        return BooksUnavailable(
            f"The database of PERENNIAL_DATABASE_URL cannot be opened ({reason}). Check that the server is running and "
            "that the URL's host, port, user, password and database are correct."
        )
    # If the connection broke at commit, it may be written all the same; then repeating it changes nothing.
    return BooksUnavailable(
        f"The database cannot be used now ({reason}). Try again. If this persists, check that the "
        "server is running, that its disk has room and that nothing holds a lock."
    )


def _never_opened(error: BaseException) -> bool:
    """Whether the error came before there was a connection."""
    return isinstance(error, DBAPIError) and error.statement is None and not error.connection_invalidated


def _conflict(reason: str) -> BooksConflict:
    return BooksConflict(f"The database refuses this: {reason}.")


def _mismatch(reason: str) -> SchemaMismatch:
    return SchemaMismatch(
        f"The database lacks something that this version of Perennial needs ({reason}).",
        NextStep(Do.SET_UP, words="Upgrade it"),
    )


def _unavailable(reason: str) -> BooksUnavailable:
    return BooksUnavailable(
        f"The database cannot be used now ({reason}): nothing was written. "
        "Try again. If this persists, check that file and disk are writable and that nothing holds a lock."
    )
