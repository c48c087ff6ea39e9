"""Whose turn it is when a worker has more to do than it can: people before batches, and each partner in its turn."""

import asyncio

import pytest

from activities.billing.contracts import RecordInput
from domain.subscription.commands import ChangePrice, ChangeQuantity
from domain.subscription.effects import Receipt
from hosting.assembly import World
from statemachines.preview.book import Book
from tests.support.live.moody import QUEUE, Moody, moody_worker
from tests.support.live.purchases import order
from tests.support.shop.live import Shop
from workflows.durable.operator import Operator
from workflows.subscription.client import Subscriptions

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]
MANY = 12


class OneAtATime(Moody):
    """Books of many subscriptions that write nothing while the gate is shut, and note the order of what they write."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun: list[str] = []

    async def record(self, entry: RecordInput) -> Receipt:
        if entry.record.seq > 1:
            self.begun.append(entry.subscription_id)
        await self.gate.wait()
        return Book().record(entry.record) if entry.record.seq == 1 else Receipt(seq=entry.record.seq)


async def bought(subscriptions: Subscriptions, partners: list[str]) -> list[str]:
    """One subscription from each of these partners, all in the books."""
    wanted = [order() for _ in partners]
    for each, partner in zip(wanted, partners, strict=True):
        await subscriptions.buy(each, partner=partner)
    for each in wanted:
        await subscriptions.settled(each.subscription_id)
    return [each.subscription_id for each in wanted]


async def priced(subscriptions: Subscriptions, books: OneAtATime, ids: list[str]) -> None:
    """New prices for all of them are decided, and the first is being written."""
    books.gate.clear()
    for number, each in enumerate(ids):
        price = ChangePrice.model_validate({"by": "system", "unit_price": "11.00"})
        await subscriptions.ask(each, price, wait=False)
        while number == 0 and not books.begun:
            await asyncio.sleep(0.01)


async def test_a_persons_command_does_not_wait_for_a_batch(world: World) -> None:
    books, subscriptions = OneAtATime(), Subscriptions(world.server.client, QUEUE)
    async with moody_worker(world, books, activities_at_once=1):
        *many, one = await bought(subscriptions, ["northwind"] * (MANY + 1))
        await priced(subscriptions, books, many)
        await subscriptions.ask(one, ChangeQuantity(by="admin_agent", quantity=5), wait=False)
        books.gate.set()
        for each in (*many, one):
            await subscriptions.settled(each)
    assert sorted(books.begun) == sorted((*many, one))
    assert books.begun.index(one) <= 2, "behind what was begun or handed out before"


async def test_a_small_partner_does_not_wait_for_a_large_one(world: World) -> None:
    books, subscriptions = OneAtATime(), Subscriptions(world.server.client, QUEUE)
    async with moody_worker(world, books, activities_at_once=1):
        *many, one = await bought(subscriptions, [*(["northwind"] * MANY), "adatum"])
        await priced(subscriptions, books, [*many, one])
        books.gate.set()
        for each in (*many, one):
            await subscriptions.settled(each)
    assert sorted(books.begun) == sorted((*many, one))
    assert books.begun.index(one) < MANY / 2, "asked last, written among the first"


async def test_what_is_bought_takes_its_partners_turns_in_each_of_its_runs(world: World, shop: Shop) -> None:
    subscription_id = await shop.buy_one(await shop.customer(), "contoso-crm")
    handle = world.server.subscriptions.handle(subscription_id)

    async def key() -> str:
        seen = (await handle.describe()).raw_description.workflow_execution_info
        return seen.priority.fairness_key

    assert await key() == "northwind"
    first_run = (await handle.describe()).run_id
    await world.server.subscriptions.operate(subscription_id, "migrate", Operator(by="operator"))
    while (await handle.describe()).run_id == first_run:
        await asyncio.sleep(0.05)
    assert await key() == "northwind"
