"""The revision of the database's schema that this version of the program needs."""

from sqlalchemy import Connection, text

from activities.errors import SchemaMismatch
from domain.next_step import Do, NextStep

HEAD = "0021"
"""The last migration; a test compares the two."""
_FOUND = text("SELECT version_num FROM alembic_version")


def refuse_other_revision(connection: Connection) -> None:
    """Raise SchemaMismatch unless the database has exactly this program's revision, now.

    Asked in every transaction that writes: a database may be upgraded while an older worker runs. Such a worker writes
    nothing more, and its activities are tried again until a newer one takes them.
    """
    found: str | None = connection.scalar(_FOUND)
    if found != HEAD:
        raise mismatch(str(found), older=is_older(str(found)))


def is_older(found: str) -> bool:
    """Whether this program can upgrade a database of that revision."""
    return found.isdigit() and found < HEAD


def mismatch(found: str, *, older: bool) -> SchemaMismatch:
    """What is told of a database of another revision."""
    words = f"The database has revision {found[:32]!r}, this version of Perennial needs {HEAD!r}"
    if older:
        return SchemaMismatch(f"{words}.", NextStep(Do.SET_UP, words="Upgrade it"))
    return SchemaMismatch(f"{words}: it was written by a newer version; run that one, or restore a backup.")
