"""What is only on its way is not reported: comparisons beside commands, new subscriptions, endings and new runs."""

import asyncio
import itertools

import pytest

from domain.subscription.commands import Cancel, ChangeQuantity
from domain.subscription.holds import Reason
from hosting.assembly import World
from tests.support.live.repairs import Place, bought
from workflows.subscription.messages import Migration

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]
COMPARISONS = 6


async def test_nothing_is_found_beside_work(place: Place) -> None:
    async with place.worker() as world:
        ids = [await bought(world) for _ in range(4)]
        stopped = asyncio.Event()
        clients = [asyncio.create_task(changing(world, each, stopped)) for each in ids]
        clients.append(asyncio.create_task(buying_and_cancelling(world, stopped)))
        try:
            for number in range(COMPARISONS):
                report = await place.reconcile(quick=number % 3 == 2)
                assert report.findings == [], number
        finally:
            stopped.set()
            changes = await asyncio.gather(*clients)
        assert min(changes) >= 2, "each client has got something done"
        assert await place.found() == set()


async def changing(world: World, subscription: str, stopped: asyncio.Event) -> int:
    """Change the quantity again and again, with a new run now and then; how often."""
    for number in itertools.count():
        if stopped.is_set():
            return number
        command = ChangeQuantity(by="admin_agent", quantity=1 + number % 50)
        await world.server.subscriptions.ask(subscription, command, wait=False)
        if number % 10 == 9:
            await world.server.subscriptions.operate(subscription, "migrate", Migration(by="a test"))
    raise AssertionError("unreachable")


async def buying_and_cancelling(world: World, stopped: asyncio.Event) -> int:
    for number in itertools.count():
        if stopped.is_set():
            return number
        subscription = await bought(world)
        await world.server.subscriptions.ask(subscription, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
    raise AssertionError("unreachable")
