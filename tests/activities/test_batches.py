"""Changes that wait for SQLite's writer share a commit, and nothing else."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from activities.adapters.sql import batches
from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription import claims
from activities.errors import BooksConflict, BooksUnavailable
from domain.ordering.placement import Claim
from tests.support.raw_sql import rows

PATIENCE = 60.0
ENTRY = "INSERT INTO posting VALUES ('e', 0, 'receivable', 'USD', 5)"
"""One side of an entry that is not there: refused, but only by the commit."""

Change = Callable[[Connection], Any]


def claiming(number: int) -> Change:
    """Takes a claim, and returns its number."""

    def take(connection: Connection) -> int:
        claims.take(connection, f"s-{number}", [Claim(key=f"key-{number}", permanent=False)])
        return number

    return take


@asynccontextmanager
async def held_up(database: Database) -> AsyncIterator[None]:
    """The writer is busy with a change; what is written meanwhile waits."""
    begun, goes_on = threading.Event(), threading.Event()

    def hold_up(_: Connection) -> None:
        begun.set()
        assert goes_on.wait(PATIENCE)

    first = asyncio.ensure_future(database.write(hold_up))
    await asyncio.to_thread(begun.wait, PATIENCE)
    yield
    goes_on.set()
    await first


async def together(database: Database, *changes: Change) -> list[Any]:
    """The results of changes that wait at the same moment."""
    async with held_up(database):
        waiting = [asyncio.ensure_future(database.write(change)) for change in changes]
        await asyncio.sleep(0)
    return await asyncio.gather(*waiting, return_exceptions=True)


async def claimed(database: Database) -> list[str]:
    return [key for (key,) in await rows(database, "SELECT key FROM claim ORDER BY key")]


def commits(database: Database) -> list[Connection]:
    """Those from now on, of transactions that write."""
    found: list[Connection] = []

    @event.listens_for(database._engine, "commit")
    def note(connection: Connection) -> None:
        if "locks" in connection.get_execution_options():
            found.append(connection)

    return found


async def test_what_waits_is_one_commit(database: Database, path: Path) -> None:
    noted = commits(database)
    assert await together(database, *map(claiming, range(8))) == list(range(8))
    assert len(noted) == 2
    assert len(await claimed(database)) == 8


async def test_a_commit_has_so_many_at_most(database: Database, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST", 3)
    noted = commits(database)
    assert await together(database, *map(claiming, range(8))) == list(range(8))
    assert len(noted) == 1 + 3


async def test_one_that_fails_touches_no_other(database: Database, path: Path) -> None:
    """What it had written is undone, and what the others write is kept: before it, and after it."""

    def fail(connection: Connection) -> None:
        claiming(9)(connection)
        raise RuntimeError("crashed")

    def refused(connection: Connection) -> None:
        claiming(8)(connection)
        connection.exec_driver_sql("INSERT INTO claim SELECT * FROM claim")

    found = await together(database, claiming(1), fail, claiming(2), refused, claiming(3))
    assert [str(each) for each in found[::2]] == ["1", "2", "3"]
    assert isinstance(found[1], RuntimeError)
    assert isinstance(found[3], BooksConflict)
    assert await claimed(database) == ["key-1", "key-2", "key-3"]


async def test_one_that_the_commit_refuses_touches_no_other(database: Database, path: Path) -> None:
    """Whose fault it is shows only when each is alone; each is answered by what was written in the end."""

    def unbalanced(connection: Connection) -> None:
        connection.exec_driver_sql(ENTRY)

    seen: list[int] = []

    def count(connection: Connection) -> int:
        seen.append(1)
        return len(seen)

    found = await together(database, claiming(1), unbalanced, count, claiming(2))
    assert isinstance(found[1], BooksConflict)
    assert "FOREIGN KEY" in str(found[1])
    assert [found[0], found[2], found[3]] == [1, 2, 2]
    assert await claimed(database) == ["key-1", "key-2"]
    assert await rows(database, "SELECT count(*) FROM posting") == [(0,)]


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_transaction_that_sqlite_gives_up_is_written_one_by_one(
    database: Database, path: Path, place: int
) -> None:
    """As it does where the disk is full: no savepoint is left, and nothing after it may be committed by itself."""

    def give_up(connection: Connection) -> None:
        claiming(9)(connection)
        connection.exec_driver_sql("ROLLBACK")
        raise RuntimeError("no room")

    changes = [claiming(1), claiming(2)]
    changes.insert(place, give_up)
    found = await together(database, *changes)
    assert isinstance(found.pop(place), BooksUnavailable | RuntimeError)
    assert found == [1, 2]
    assert await claimed(database) == ["key-1", "key-2"]


async def test_nobody_is_answered_before_the_commit(database: Database, path: Path) -> None:
    """A commit that fails, fails for all: nothing is written, and nobody is told otherwise."""

    def no_disk(connection: Connection) -> None:
        if "locks" in connection.get_execution_options():
            raise OSError("no disk")

    async def broken() -> list[Any]:
        event.listen(database._engine, "commit", no_disk)
        waiting = [asyncio.ensure_future(database.write(claiming(number))) for number in range(4)]
        return await asyncio.gather(*waiting, return_exceptions=True)

    assert {type(each) for each in await broken()} == {BooksUnavailable}
    event.remove(database._engine, "commit", no_disk)
    assert await claimed(database) == []
    assert await together(database, claiming(1)) == [1]


async def test_what_is_cancelled_while_it_waits_is_not_written(database: Database, path: Path) -> None:
    async with held_up(database):
        one, other = (asyncio.ensure_future(database.write(claiming(number))) for number in (1, 2))
        await asyncio.sleep(0)
        one.cancel()
        await asyncio.sleep(0)
    await other
    assert one.cancelled()
    assert await claimed(database) == ["key-2"]
