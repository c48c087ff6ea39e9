"""A server for each test: what `reconcile` finds is all that is there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.live.repairs import Place, a_place


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    (tmp_path / "server").mkdir()
    async with a_place(tmp_path) as place:
        yield place
