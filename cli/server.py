"""The Temporal server that holds the living subscriptions."""

from temporalio.client import Client

from activities.settings import Settings
from hosting.clock import wall_clock
from hosting.connection import connect
from workflows.client import Subscriptions
from workflows.converter import DATA_CONVERTER


async def client(address: str | None) -> Client:
    """A connection to that server, else to the one that Temporal's own configuration names."""
    return await connect(address, data_converter=DATA_CONVERTER)


async def connected(address: str | None) -> Subscriptions:
    """The subscriptions on it."""
    return Subscriptions(await client(address), Settings.load().task_queue, wall_clock)
