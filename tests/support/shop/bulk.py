"""Many subscriptions of one customer, and bulk operations on them."""

import itertools
from collections import defaultdict
from decimal import Decimal
from typing import Any

from domain.bulk.items import Item, ItemStatus
from domain.bulk.requests import Ask, Selection
from domain.money import Money
from domain.subscription.commands import ChangeQuantity, Suspend
from domain.subscription.holds import Reason
from hosting.assembly import World
from perennial.bulk.bulk import Pace
from perennial.bulk.planning import Choice, Plan, Row
from tests.support.shop.live import Shop
from workflows.bulk.messages import BulkProgress

_numbers = itertools.count(1)
FAST = Pace(per_second=1000)
SUSPEND = Suspend(by="admin_agent", reason=Reason.FRAUD)


def new_id() -> str:
    """An operation's id that no other test uses."""
    return f"op-{next(_numbers)}"


def licences(quantity: int) -> ChangeQuantity:
    """The command that sets the licences."""
    return ChangeQuantity(by="admin_agent", quantity=quantity)


async def bought(shop: Shop, number: int, offer: str = "contoso-crm") -> tuple[str, list[str]]:
    """A new customer and its subscriptions."""
    buyer = await shop.customer()
    order = await shop.buy(shop.order(buyer, *[{"offer": offer}] * number))
    return buyer, [line.subscription_id for line in order.lines]


async def planned(world: World, ask: Ask, **filters: Any) -> Plan:
    """What it would come to for those that the filters select."""
    return await world.perennial.bulk.plan(Choice.by_filters(ask, Selection(**filters)))


async def planned_rows(world: World, rows: dict[str, Ask]) -> Plan:
    """What it would come to for these, each with a request of its own."""
    return await world.perennial.bulk.plan(Choice.by_rows([Row(one, ask) for one, ask in rows.items()]))


async def done(world: World, plan: Plan, pace: Pace = FAST) -> tuple[str, BulkProgress]:
    """Carry the plan out, and wait until it has ended or is paused."""
    bulk_id = new_id()
    await world.perennial.bulk.start(bulk_id, plan, pace)
    return bulk_id, await world.perennial.bulk.settled(bulk_id)


async def items(world: World, bulk_id: str) -> list[Item]:
    """Its whole report."""
    return [item async for item in world.perennial.bulk.items(bulk_id)]


async def became(world: World, bulk_id: str) -> dict[str, ItemStatus]:
    """The status of each item, by what it is about."""
    return {item.subject: item.status for item in await items(world, bulk_id)}


async def events_of(world: World, subscription_id: str) -> list[str]:
    """The names of its events, once all are in the books."""
    await world.server.subscriptions.settled(subscription_id)
    return [event.event.value for event in await world.books.subscriptions.events(subscription_id)]


async def ledger_sums(world: World, ids: list[str], kind: str, after: dict[str, int]) -> tuple[Money, ...]:
    """What the books have charged or credited to them since each had so many rows, per currency."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in ids:
        await world.server.subscriptions.settled(one)
        for row in (await world.books.subscriptions.rows(one))[after[one] :]:
            if row.kind.value == kind:
                sums[row.currency] += row.amount
    return tuple(Money(amount=amount, currency=currency) for currency, amount in sorted(sums.items()))
