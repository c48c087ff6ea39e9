"""A database that tests use one after the other is as its template each time, whatever the one before has done."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.support.postgres_databases import Copies
from tests.support.postgres_server import PostgresServer

TABLE = "CREATE TABLE kept (id serial, words text); INSERT INTO kept (words) VALUES ('by the template')"


@pytest.fixture
def copies(postgres: PostgresServer, empty_postgres_url: str) -> Iterator[Copies]:
    with connected(empty_postgres_url) as connection:
        connection.execute(TABLE)
        connection.execute("CREATE TABLE written (id serial PRIMARY KEY, words text)")
    made = Copies(postgres, empty_postgres_url.rpartition("/")[2].partition("?")[0])
    yield made
    made.drop()


@contextmanager
def connected(url: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def lent(copies: Copies, postgres: PostgresServer, *statements: str) -> str:
    """The name of the database on which a test has done that, and which it has given back."""
    name = copies.take()
    with connected(postgres.url(name, drivername="postgresql")) as connection:
        for statement in statements:
            connection.execute(statement)
    copies.give_back(name)
    return name


def test_what_was_written_is_gone_and_numbers_begin_again(copies: Copies, postgres: PostgresServer) -> None:
    name = lent(copies, postgres, "INSERT INTO written (words) VALUES ('a'), ('b')")
    assert copies.take() == name
    with connected(postgres.url(name, drivername="postgresql")) as connection:
        assert connection.execute("SELECT words FROM kept").fetchall() == [("by the template",)]
        assert connection.execute("INSERT INTO written (words) VALUES ('c') RETURNING id").fetchall() == [(1,)]
        assert connection.execute("SELECT count(*) FROM written").fetchall() == [(1,)]
    copies.give_back(name)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE written ADD COLUMN more int",
        "ALTER TABLE written ALTER COLUMN words SET NOT NULL",
        "ALTER TABLE written ADD CONSTRAINT short CHECK (length(words) < 3)",
        "CREATE INDEX another ON written (words)",
        "CREATE TABLE more (id int)",
        "DROP TABLE written",
        "UPDATE kept SET words = 'by a test'",
        "INSERT INTO kept (words) VALUES ('more')",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET work_mem = ''1MB'''; END $$",
    ],
)
def test_one_whose_tables_or_settings_were_altered_is_not_lent_again(
    copies: Copies, postgres: PostgresServer, statement: str
) -> None:
    name = lent(copies, postgres, statement)
    another = copies.take()
    assert another != name
    copies.give_back(another)
