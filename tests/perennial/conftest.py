import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.support.shop.use_cases import Shop, shop_in


@pytest_asyncio.fixture
async def shop(migrated: Path, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop with a database of the test's own."""
    path = shutil.copy(migrated, tmp_path / "perennial.db")
    async with shop_in(f"sqlite:///{path}") as made:
        yield made
