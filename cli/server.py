"""The Temporal server that holds the living subscriptions, and on which orders are placed."""

from temporalio.client import Client

from activities.settings import Settings
from activities.wall_clock import wall_clock
from hosting.temporal.connection import connect
from workflows.account.client import Accounts
from workflows.guard.converter import DATA_CONVERTER
from workflows.notifications.client import Notifications
from workflows.order.client import OrderClient
from workflows.subscription.client import Subscriptions


async def client(address: str | None) -> Client:
    """A connection to that server, else to the one that Temporal's own configuration names."""
    return await connect(address, data_converter=DATA_CONVERTER)


async def connected(address: str | None) -> Subscriptions:
    """The subscriptions on it."""
    return subscriptions(await client(address))


def subscriptions(server: Client) -> Subscriptions:
    """The subscriptions on it, looked at by the wall clock."""
    return Subscriptions(server, Settings.load().task_queue, wall_clock)


def accounts(server: Client) -> Accounts:
    """The billing accounts on it, looked at by the wall clock."""
    return Accounts(server, Settings.load().task_queue, wall_clock)


def orders(server: Client) -> OrderClient:
    """The orders on it."""
    return OrderClient(server, Settings.load().task_queue)


def notifications(server: Client) -> Notifications:
    """What publishers are told, on it."""
    return Notifications(server, Settings.load().task_queue)
