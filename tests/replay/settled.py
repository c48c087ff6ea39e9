"""Subscriptions and accounts whose books have something else, and how an operator settles it."""

from datetime import UTC, datetime

from activities.adapters.sql.database import Database
from activities.settings import Settings
from domain.conflict import Choice, Conflict, SettleConflict
from domain.subscription.commands import ChangeQuantity
from hosting.assembly import World
from tests.support.live.otherwise import (
    account_decided_otherwise,
    conflict_of,
    conflict_of_account,
    decided_otherwise,
)
from tests.support.live.payers import payment
from tests.support.live.purchases import order

SETTLED = {"adopted": Choice.ADOPT, "set-aside": Choice.SET_ASIDE}
"""The subscriptions and their customers, each with the choice about it."""


async def live_settled(world: World, settings: Settings, name: str) -> None:
    """Buy it, let the books have another quantity and another payment, settle both, and go on."""
    subscriptions, accounts = world.server.subscriptions, world.server.accounts
    await subscriptions.buy(order(subscription_id=name, customer=name, at=datetime.now(UTC)))
    await subscriptions.settled(name)
    async with Database(settings.database_url) as database:
        await decided_otherwise(world, database, name, _quantity(7, "other"))
        await account_decided_otherwise(world, database, name, payment("p-9", "8.00"))
    await subscriptions.ask(name, _quantity(5, "c-1"), wait=False)
    await subscriptions.settle(name, _settling(await conflict_of(world, name), name))
    await subscriptions.ask(name, _quantity(6, "c-2"))
    await subscriptions.settled(name)
    await accounts.ask(name, payment("p-1", "5.00"), wait=False)
    await accounts.settle(name, _settling(await conflict_of_account(world, name), name))
    await accounts.ask(name, payment("p-2", "3.00"))
    await accounts.settled(name)


def _quantity(number: int, command_id: str) -> ChangeQuantity:
    return ChangeQuantity(by="admin_agent", quantity=number, command_id=command_id)


def _settling(conflict: Conflict, name: str) -> SettleConflict:
    return SettleConflict(key=conflict.key, choice=SETTLED[name], reason="agreed with finance", by="global_admin")
