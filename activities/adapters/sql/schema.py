"""The version of the database's schema: `setup` and `worker --dev` upgrade it, everything else checks it."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from activities.adapters.sql.database import Database
from activities.adapters.sql.environment import refuse_others
from activities.adapters.sql.revision import HEAD, is_older, mismatch
from activities.adapters.sql.tables.environment import environment
from activities.environment import Environment
from activities.errors import BooksUnavailable, SchemaMismatch
from domain.next_step import Do, NextStep

UPGRADE_PATIENCE = timedelta(seconds=30)
"""How long a program waits for another one that upgrades the database, as where two workers start at once."""


async def upgrade(url: str, *, ours: Environment | None = None) -> None:
    """Upgrade the database to this program's schema, or create it, in one transaction.

    Raises SchemaMismatch if this program does not know the database's revision, BooksUnavailable if it cannot be
    opened or written, and OthersBooks if it belongs to another environment than `ours`: then it stays as it was.
    """
    async with Database(url, busy_timeout=UPGRADE_PATIENCE, migrates=True) as database:
        _make_folder(database.file)
        await database.write(_upgrade, database.place, ours)


async def require_usable(database: Database) -> None:
    """Raise SchemaMismatch for a database that `upgrade` would refuse. Nothing is changed."""
    if _is_missing(database.file):
        return
    found = await database.read(_revision)
    if found is None:
        await database.read(_refuse_foreign)
    elif found != HEAD and not is_older(found):
        raise mismatch(found, older=False)


async def check_schema(database: Database) -> None:
    """Raise SchemaMismatch unless the database has exactly this program's schema. Nothing is changed."""
    if _is_missing(database.file):
        raise SchemaMismatch(
            f"There is no database at {database.file} yet.",
            NextStep(Do.SET_UP, words="Either start a worker with a server of its own or create it now"),
        )
    found = await database.read(_revision)
    if found == HEAD:
        return
    if found is None:
        await database.read(_refuse_foreign)
        raise SchemaMismatch(f"The database is empty, but revision {HEAD} is needed.", NextStep(Do.SET_UP))
    raise mismatch(found, older=is_older(found))


def _upgrade(connection: Connection, place: str, ours: Environment | None) -> None:
    # Slow to import, and needed by workers only.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "activities.adapters.sql:migrations")
    config.attributes["connection"] = connection
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    found = _revision(connection)
    if found is None:
        _refuse_foreign(connection)
    elif found not in known:
        raise mismatch(found, older=False)
    if ours is not None and inspect(connection).has_table(environment.name):
        refuse_others(connection, place, ours)
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    """The database's revision, None without a schema."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _refuse_foreign(connection: Connection) -> None:
    """Raise SchemaMismatch for tables without a revision: they are not Perennial's."""
    if set(inspect(connection).get_table_names()) - {"alembic_version"}:
        raise SchemaMismatch(
            f"The database {connection.engine.url.database} has tables but no revision of Perennial, so it is not "
            "Perennial's or is damaged: use another PERENNIAL_DATABASE_URL, or restore a backup."
        )


def _is_missing(file: str | None) -> bool:
    # Checked first: opening a missing file would create an empty one.
    return bool(file) and not Path(str(file)).exists()


def _make_folder(file: str | None) -> None:
    if not file:
        return
    try:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BooksUnavailable(
            f"The database's folder {Path(file).parent} cannot be created ({error.strerror}). "
            "Choose another with PERENNIAL_DATABASE_URL or PERENNIAL_DATA_DIR."
        ) from None
