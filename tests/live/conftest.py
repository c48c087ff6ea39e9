"""A real server, a real worker in this process, real SQL and the real tenant service, once for each test process."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from activities.settings import Settings
from domain.ordering.terms import Order
from hosting.assembly import World, prepare_namespace, running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from tests.support.live.purchases import Bought, Buy, order, settings_in
from tests.support.live.repairs import Place, a_place
from tests.support.publisher.endpoint import Endpoint
from tests.support.shop.live import Shop
from workflows.durable.clock import TestClock


@pytest.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServer]:
    """The embedded server, in memory."""
    async with EmbeddedServer(tmp_path_factory.mktemp("server")) as server:
        client = await connect_to(server.address)
        await prepare_namespace(client)
        yield server


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Where the world keeps its books and tenants."""
    return settings_in(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
async def world(server: EmbeddedServer, settings: Settings) -> AsyncIterator[World]:
    """A worker with fresh books and tenants."""
    client = await connect_to(server.address)
    async with running_worker(client, settings) as world:
        yield world


@pytest.fixture(scope="module")
async def endpoint() -> AsyncIterator[Endpoint]:
    """A publisher's endpoint, for the tests of one file."""
    async with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A server and books of the test's own, where workers come and go."""
    async with a_place(tmp_path) as place:
        yield place


@pytest.fixture
def buy(world: World) -> Buy:
    """Buy with a test clock at the order's instant, and wait until it is in the books."""

    async def bought(bought_order: Order | None = None, **options: Any) -> Bought:
        wanted = bought_order or order()
        clock = TestClock.ahead_by(wanted.at - datetime.now(UTC))
        await world.server.subscriptions.buy(wanted, clock=clock, **options)
        await world.server.subscriptions.settled(wanted.subscription_id)
        return Bought(wanted.subscription_id, clock)

    return bought


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop on the world."""
    return Shop(world)
