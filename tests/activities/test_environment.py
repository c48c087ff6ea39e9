"""Books belong to one namespace of one server, in SQLite and PostgreSQL."""

import asyncio

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.environment import SqlEnvironment
from activities.adapters.sql.schema import upgrade
from activities.adapters.sql.tables.environment import environment
from activities.environment import Environment, OthersBooks
from activities.errors import BooksConflict
from domain.next_step import Do
from tests.support.instants import START
from tests.support.raw_sql import change, rows

ONE = Environment("0190-one", "shop", "localhost:7233")
MOVED = Environment("0190-one", "shop", "temporal.example:7233")
OTHER = Environment("0190-other", "shop", "localhost:7233")


@pytest.fixture
def book(database: Database) -> SqlEnvironment:
    return SqlEnvironment(database, lambda: START)


async def test_the_first_to_work_with_them_has_them(book: SqlEnvironment) -> None:
    assert await book.current() is None
    await book.require(OTHER)
    await book.claim(ONE)
    await book.claim(ONE)
    assert await book.current() == ONE
    with pytest.raises(OthersBooks):
        await book.claim(OTHER)
    with pytest.raises(OthersBooks):
        await book.require(OTHER)
    assert await book.current() == ONE


async def test_a_server_is_known_by_its_id_not_by_its_address(book: SqlEnvironment) -> None:
    await book.claim(ONE)
    await book.require(MOVED)
    await book.claim(MOVED)


async def test_the_refusal_names_both(book: SqlEnvironment, database: Database) -> None:
    await book.claim(ONE)
    with pytest.raises(OthersBooks) as raised:
        await book.require(OTHER)
    assert raised.value.message == (
        f"The books in {database.place} belong to namespace 'shop' at localhost:7233 (id 0190-one), not to namespace "
        "'shop' at localhost:7233 (id 0190-other). Nothing was done: name the server and the books that belong "
        "together."
    )
    assert raised.value.next_step is not None
    assert raised.value.next_step.do is Do.ADOPT_BOOKS


async def test_they_are_moved_and_remember_where_they_were(book: SqlEnvironment, database: Database) -> None:
    await book.adopt(ONE)
    await book.adopt(ONE)
    await book.adopt(OTHER)
    await book.require(OTHER)
    with pytest.raises(OthersBooks):
        await book.require(ONE)
    assert await rows(database, "SELECT number, namespace_id FROM environment ORDER BY number") == [
        (1, "0190-one"),
        (2, "0190-other"),
    ]
    for statement in ("UPDATE environment SET number = 3", "DELETE FROM environment"):
        with pytest.raises(BooksConflict, match="environment is append-only"):
            await change(database, statement)


async def test_of_two_at_once_one_has_them(book: SqlEnvironment, url: str) -> None:
    async with Database(url) as second:
        claims = [book.claim(ONE), SqlEnvironment(second, lambda: START).claim(OTHER)]
        results = await asyncio.gather(*claims, return_exceptions=True)
    assert sorted(str(type(result).__name__) for result in results) == ["NoneType", "OthersBooks"]


async def test_others_books_are_not_even_upgraded(book: SqlEnvironment, database: Database, url: str) -> None:
    await book.claim(ONE)
    async with Database(url, migrates=True) as older:
        await change(older, "UPDATE alembic_version SET version_num = '0014'")
    with pytest.raises(OthersBooks):
        await upgrade(url, ours=OTHER)
    assert await rows(database, "SELECT version_num FROM alembic_version") == [("0014",)]
    assert await rows(database, f"SELECT number FROM {environment.name}") == [(1,)]
