import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from activities.adapters.sql.schema import upgrade
from tests.support.shop.use_cases import Shop, shop_in


@pytest_asyncio.fixture(scope="session")
async def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "perennial.db"
    await upgrade(f"sqlite:///{path}")
    return path


@pytest_asyncio.fixture
async def shop(migrated: Path, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop with a database of the test's own."""
    path = shutil.copy(migrated, tmp_path / "perennial.db")
    async with shop_in(f"sqlite:///{path}") as made:
        yield made
