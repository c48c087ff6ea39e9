"""A server and books for each disaster, and a terminal."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.live.repairs import Place, a_place
from tests.support.live.runbook import Terminal


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    (tmp_path / "server").mkdir()
    async with a_place(tmp_path) as place:
        yield place


@pytest.fixture
def terminal(place: Place) -> Terminal:
    return Terminal.at(place)
