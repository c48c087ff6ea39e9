"""What the reader of a story has running: `make dev`, with nothing in it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cli.rehearsal.live import fresh_settings, scenario_server
from tests.support.command_line import Starter, in_a_thread, variables
from tests.support.terminal import NARROW


@pytest.fixture
def dev(starter: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Starter]:
    """The command line beside a server and a worker, at a terminal of 80 columns."""

    @asynccontextmanager
    async def serve() -> AsyncIterator[str]:
        async with scenario_server(tmp_path) as server:
            yield server.address

    with in_a_thread(serve()) as address:
        for name, value in {**variables(fresh_settings(tmp_path), address), **NARROW}.items():
            monkeypatch.setenv(name, value)
        yield starter
