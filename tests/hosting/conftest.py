from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client

from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.orders import SqlOrders
from activities.adapters.sql.schema import upgrade
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from tests.support.publisher.gateway_site import NOW, Site
from tests.support.shop.buyers import customer, partner, request
from tests.support.shop.offers import SETUP, listed
from tests.support.shop.orders import placed, stock


@pytest_asyncio.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServer]:
    """One server for the tests that only talk to it."""
    async with EmbeddedServer(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def client(server: EmbeddedServer) -> Client:
    return await connect_to(server.address)


@pytest_asyncio.fixture(scope="module")
async def books(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Path, Database]]:
    """A database of the test file's own, with one pending purchase of each vendor's offer."""
    path = tmp_path_factory.mktemp("gateway") / "perennial.db"
    url = f"sqlite:///{path}"
    await upgrade(url)
    async with Database(url) as database:
        offers = [
            listed(**SETUP),
            listed(id="wingtip-mail", vendor="wingtip", **SETUP),
            listed(id="orphan", vendor=None, **SETUP),
        ]
        await stock(database, partner(), customer(), *offers)
        lines: list[dict[str, Any]] = [
            {"quantity": 3, "add_ons": {"backup": 1}},
            {"offer": "wingtip-mail"},
            {"offer": "orphan"},
        ]
        await placed(SqlOrders(database), request(*lines), NOW)
        yield path, database


@pytest_asyncio.fixture(scope="module")
async def shared(books: tuple[Path, Database], client: Client) -> AsyncIterator[Site]:
    """A gateway that the file's tests share."""
    site = Site(*books, client)
    async with site.server:
        yield site


@pytest.fixture
def site(shared: Site) -> Site:
    """At noon."""
    shared.clock.now = NOW
    return shared
