"""PostgreSQL for whoever asks for it: one server a test process, one database a test."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from activities.adapters.sql.schema import upgrade
from tests.postgres_server import NoServer, PostgresServer, running_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server; the test is skipped where there can be none."""
    try:
        with running_server() as server:
            yield server
    except NoServer as none:
        pytest.skip(str(none))


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> Iterator[str]:
    """A database that was migrated once, to be copied."""
    name = postgres.create()
    # In a thread of its own: whoever asks may be in an event loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, upgrade(postgres.url(name))).result()
    yield name
    postgres.drop(name)


@pytest.fixture
def empty_postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The test's own database, without tables."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def postgres_url(postgres: PostgresServer, postgres_template: str) -> Iterator[str]:
    """The test's own database, migrated."""
    name = postgres.create(postgres_template)
    yield postgres.url(name)
    postgres.drop(name)
