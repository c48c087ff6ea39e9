from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from temporalio.client import Client

from hosting.connection import connect_to
from hosting.embedded import EmbeddedServer


@pytest_asyncio.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServer]:
    """One server for the tests that only talk to it."""
    async with EmbeddedServer(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def client(server: EmbeddedServer) -> Client:
    return await connect_to(server.address)
