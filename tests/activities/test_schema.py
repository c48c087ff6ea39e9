"""The database's version: made and brought up by a worker, checked by everybody, never guessed."""

import asyncio
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url

from activities.adapters.sql.account.reader import SqlAccountReader
from activities.adapters.sql.columns import metadata
from activities.adapters.sql.database import BUSY_TIMEOUT, Database
from activities.adapters.sql.revision import HEAD
from activities.adapters.sql.schema import check_schema, upgrade
from activities.errors import BooksUnavailable, SchemaMismatch
from tests.support.books.short_lives import LICENCE, bought
from tests.support.books.subscription import InSql
from tests.support.older_database import older
from tests.support.raw_sql import change, rows
from tests.support.shop.orders import stock


async def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    def differences(connection: Any) -> Any:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert await database.read(differences) == []


def test_the_head_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "activities.adapters.sql:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


async def test_an_upgraded_database_is_taken(database: Database, url: str) -> None:
    await check_schema(database)
    await upgrade(url)
    await check_schema(database)


async def test_workers_that_start_at_once_upgrade_once(tmp_path: Path) -> None:
    # A folder that is not there yet, and a sign that configuration files would read as their own.
    url = f"sqlite:///{tmp_path / '100%' / 'perennial.db'}"
    await asyncio.gather(upgrade(url), upgrade(url))
    async with Database(url) as database:
        await check_schema(database)


async def test_an_upgrade_waits_for_another_one_longer_than_a_write_does(empty_url: str) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(_: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        time.sleep(BUSY_TIMEOUT.total_seconds() + 1)

    async with Database(empty_url, migrates=True) as other:
        holding = asyncio.create_task(other.write(hold))
        await begun.wait()
        await upgrade(empty_url)
        await holding
        await check_schema(other)


async def test_a_missing_database_is_not_made_by_looking(tmp_path: Path) -> None:
    file = tmp_path / "perennial.db"
    async with Database(f"sqlite:///{file}") as database:
        with pytest.raises(SchemaMismatch) as raised:
            await check_schema(database)
    step = "Either start a worker with a server of its own or create it now."
    assert str(raised.value) == f"There is no database at {file} yet. {step}"
    assert not file.exists()


async def test_an_empty_database_is_told_apart(tmp_path: Path) -> None:
    async with Database(f"sqlite:///{tmp_path / 'empty.db'}") as database:
        (tmp_path / "empty.db").touch()
        with pytest.raises(SchemaMismatch, match="^The database is empty, but revision 0021 is needed. Prepare"):
            await check_schema(database)


async def test_a_newer_database_is_refused_and_left_alone(database: Database, url: str) -> None:
    await change(database, "UPDATE alembic_version SET version_num = '0099'")
    line = (
        "The database has revision '0099', this version of Perennial needs '0021': "
        "it was written by a newer version; run that one, or restore a backup."
    )
    with pytest.raises(SchemaMismatch) as checked:
        await check_schema(database)
    with pytest.raises(SchemaMismatch) as upgraded:
        await upgrade(url)
    assert str(checked.value) == str(upgraded.value) == line


@pytest.mark.parametrize("found", ["0099", "0001"])
async def test_a_worker_whose_database_is_changed_while_it_runs_writes_nothing_more(
    database: Database, url: str, found: str
) -> None:
    await bought(InSql(database), LICENCE)
    async with Database(url, migrates=True) as other:
        await change(other, f"UPDATE alembic_version SET version_num = '{found}'")
        with pytest.raises(SchemaMismatch, match=f"The database has revision '{found}'"):
            await bought(InSql(database), LICENCE, subscription_id="s-2")
        assert await rows(database, "SELECT id FROM subscription") == [("s-1",)]
        await change(other, f"UPDATE alembic_version SET version_num = '{HEAD}'")
    await bought(InSql(database), LICENCE, subscription_id="s-2")


async def test_an_older_database_is_told_how_to_come_up(database: Database) -> None:
    await change(database, "UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(SchemaMismatch, match="needs '0021'. Upgrade it.$"):
        await check_schema(database)


async def test_an_older_database_comes_up_with_what_is_in_it(empty_url: str, database: Database) -> None:
    await bought(InSql(database), LICENCE)
    async with Database(empty_url, migrates=True) as first:
        await older(first, "0001", database)
    await upgrade(empty_url)
    async with Database(empty_url) as upgraded:
        await check_schema(upgraded)
        assert [row.amount for row in await InSql(upgraded).rows("s-1")] == [30]
        (balance,) = await SqlAccountReader(upgraded).balances("fabrikam")
        assert {balance.receivable, balance.revenue, balance.uninvoiced_charges} == {Decimal(30)}
        await stock(upgraded)


async def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BooksUnavailable, match=r"folder .* cannot be created .*PERENNIAL_DATA_DIR"):
        await upgrade(f"sqlite:///{tmp_path / 'file' / 'perennial.db'}")


@pytest.mark.parametrize(
    "broken", ["DELETE FROM alembic_version", "DROP TABLE alembic_version", "ALTER TABLE alembic_version RENAME TO a"]
)
async def test_tables_without_a_revision_are_nobodys_to_upgrade(database: Database, url: str, broken: str) -> None:
    await change(database, broken)
    line = (
        f"The database {make_url(url).database} has tables but no revision of Perennial, so it is not "
        "Perennial's or is damaged: use another PERENNIAL_DATABASE_URL, or restore a backup."
    )
    with pytest.raises(SchemaMismatch) as checked:
        await check_schema(database)
    with pytest.raises(SchemaMismatch) as upgraded:
        await upgrade(url)
    assert str(checked.value) == str(upgraded.value) == line


async def test_the_triggers_of_files_that_there_are_stay_as_they_were(database: Database, path: Path) -> None:
    """A released step is not changed: its triggers are, word for word, those of the first version."""
    found = await rows(
        database,
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        " AND tbl_name IN ('journal', 'ledger_entry') ORDER BY name",
    )
    triggers = {row[0]: row[1] for row in found}
    assert list(triggers) == [
        "journal_no_delete",
        "journal_no_replace_of_seq",
        "journal_no_update",
        "ledger_entry_no_delete",
        "ledger_entry_no_replace_of_key",
        "ledger_entry_no_replace_of_position",
        "ledger_entry_no_update",
    ]
    refuse = "BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END"
    assert triggers["ledger_entry_no_update"] == (
        f"CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry {refuse}"
    )
    assert triggers["ledger_entry_no_replace_of_key"] == (
        "CREATE TRIGGER ledger_entry_no_replace_of_key BEFORE INSERT ON ledger_entry WHEN EXISTS (SELECT 1 FROM "
        f"ledger_entry WHERE subscription_id = NEW.subscription_id AND key = NEW.key) {refuse}"
    )
