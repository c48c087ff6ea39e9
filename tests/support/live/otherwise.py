"""Books that are changed underneath a running workflow: they have a decision that it did not make."""

import asyncio
from datetime import timedelta

from activities.accounts.contracts import AccountRecordInput
from activities.adapters.sql.account.books import SqlAccountBooks
from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.books import SqlBooks
from activities.billing.contracts import Origin, RecordInput
from domain.account.events import AccountRecord
from domain.account.requests import AccountRequest
from domain.conflict import Conflict
from domain.subscription.commands import Command
from domain.subscription.effects import Record
from hosting.assembly import World
from statemachines.account.life import AccountSteps
from statemachines.subscription.life import LifeSteps

STEPS = LifeSteps()
LATER = timedelta(microseconds=1)


async def decided_otherwise(world: World, database: Database, subscription_id: str, command: Command) -> None:
    """Record what the subscription would decide about the command, without asking its workflow."""
    life = await world.server.subscriptions.life(subscription_id)
    other, _ = STEPS.accept(life, command, life.subscription.last_at + LATER)
    record = next(effect for effect in other.effects if isinstance(effect, Record))
    await SqlBooks(database).record(RecordInput.of(other.subscription, record, Origin()))


async def account_decided_otherwise(
    world: World, database: Database, customer_id: str, request: AccountRequest
) -> None:
    """Record what the customer's account would decide about the request, without asking its workflow."""
    life = await world.server.accounts.life(customer_id)
    other, _ = AccountSteps().accept(life, request, life.account.last_at + LATER)
    record = next(effect for effect in other.effects if isinstance(effect, AccountRecord))
    await SqlAccountBooks(database).record(AccountRecordInput(customer_id=customer_id, record=record))


async def conflict_of(world: World, subscription_id: str) -> Conflict:
    """The conflict of the subscription, as soon as it has one."""
    while (found := (await world.server.subscriptions.details(subscription_id)).conflict) is None:
        await asyncio.sleep(0.02)
    return found


async def conflict_of_account(world: World, customer_id: str) -> Conflict:
    """The conflict of the customer's account, as soon as it has one."""
    while (found := (await world.server.accounts.details(customer_id)).conflict) is None:
        await asyncio.sleep(0.02)
    return found
