"""A database a test: a copy of one that was migrated once."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import upgrade


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest_asyncio.fixture(scope="session")
async def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "perennial.db"
    await upgrade(url_of(path))
    return path


@pytest.fixture
def path(migrated: Path, tmp_path: Path) -> Path:
    """The file of the test's own database."""
    return Path(shutil.copy(migrated, tmp_path / "perennial.db"))


@pytest.fixture
def url(path: Path) -> str:
    return url_of(path)


@pytest_asyncio.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Database(url) as opened:
        yield opened
