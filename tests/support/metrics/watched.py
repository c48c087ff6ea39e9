"""A worker in this process that is watched at an address of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from activities.settings import LOOPBACK, Settings
from hosting.assembly import World, running_worker
from hosting.monitoring.address import monitoring
from hosting.temporal.connection import connect_to


@asynccontextmanager
async def watched_worker(server: str, settings: Settings) -> AsyncIterator[tuple[World, str]]:
    """A worker on the server's address, and where it is watched."""
    watched = settings.model_copy(update={"metrics_address": f"{LOOPBACK}:0"})
    async with monitoring(watched) as monitor:
        client = await connect_to(server, metrics=monitor.exporter)
        async with running_worker(client, watched) as world, monitor.of(world.works):
            assert monitor.address is not None
            yield world, monitor.address
