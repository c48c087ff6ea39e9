"""A database a test: a copy of one that was migrated once. What speaks SQL through our adapters runs on both kinds."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from activities.adapters.sql.database import Database

KINDS = ["sqlite", "postgresql"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of a database runs on each kind; one that opens the file itself, by `path`, on SQLite alone."""
    if "database_kind" in metafunc.fixturenames:
        metafunc.parametrize("database_kind", KINDS[:1] if "path" in metafunc.fixturenames else KINDS, scope="session")


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def path(migrated: Path, tmp_path: Path) -> Path:
    """The file of the test's own database."""
    return Path(shutil.copy(migrated, tmp_path / "perennial.db"))


@pytest.fixture
def sqlite_url(path: Path) -> str:
    return url_of(path)


@pytest.fixture
def url(database_kind: str, request: pytest.FixtureRequest) -> str:
    """The test's own database, of the kind whose turn it is."""
    found: str = request.getfixturevalue("sqlite_url" if database_kind == "sqlite" else "postgres_url")
    return found


@pytest.fixture
def empty_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of that kind without tables."""
    if database_kind == "sqlite":
        return url_of(tmp_path / "empty.db")
    found: str = request.getfixturevalue("empty_postgres_url")
    return found


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def url_or_none(request: pytest.FixtureRequest) -> str | None:
    """Where books that are also kept in memory are: there is no URL for those."""
    places = {"memory": None, "sqlite": "sqlite_url", "postgresql": "postgres_url"}
    fixture = places[request.param]
    return fixture and request.getfixturevalue(fixture)


@pytest_asyncio.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Database(url) as opened:
        yield opened
