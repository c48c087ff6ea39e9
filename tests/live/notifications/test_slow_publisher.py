"""Each publisher has a queue of its own: one that hangs delays nobody else, and none is told faster than its rate."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import combinations

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

from domain.notification import NotificationStatus
from domain.subscription.commands import Cancel, ChangeQuantity
from domain.subscription.holds import Reason
from hosting.assembly import World, running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from tests.support.live.purchases import order, settings_in
from tests.support.publisher.endpoint import Endpoint, publishers_at
from tests.support.publisher.imported import listed_in
from tests.support.shop.live import imported
from tests.support.shop.offers import listed
from workflows.durable.clock import TestClock
from workflows.durable.workflow_ids import delivery_workflow_id

pytestmark = pytest.mark.live

VENDORS = ("slow", "quick", "paced")
AT_ONCE, WAITING = 8, 100
RATE, PACED = 5, 20


@pytest.fixture(scope="module")
async def world(
    server: EmbeddedServer, endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """A worker that tells three publishers."""
    client = await connect_to(server.address)
    publishers = publishers_at(
        endpoint.url,
        slow={"at_once": AT_ONCE, "per_second": 10_000, "timeout_seconds": 30},
        quick={},
        paced={"per_second": RATE, "at_once": PACED},
    )
    settings = settings_in(tmp_path_factory.mktemp("slow"), "slow")
    async with running_worker(client, settings, await listed_in(settings, publishers)) as world:
        await imported(world.books.catalog, *(listed(id=f"{vendor}-crm", vendor=vendor) for vendor in VENDORS))
        yield world


async def begun(world: World, vendor: str, subscription_id: str) -> str:
    """A subscription to the vendor's offer, in the books."""
    now = datetime.now(UTC)
    bought = order(listed(id=f"{vendor}-crm").sold(now), at=now, subscription_id=subscription_id)
    await world.server.subscriptions.buy(bought, clock=TestClock(), invoiced=False)
    await world.server.subscriptions.settled(subscription_id)
    return subscription_id


async def test_a_publisher_that_hangs_delays_nobody_else(world: World, endpoint: Endpoint) -> None:
    released, hanging = asyncio.Event(), asyncio.Semaphore(0)

    async def hang() -> int:
        hanging.release()
        await released.wait()
        return 204

    names = [f"slow-{number}" for number in range(WAITING)]
    endpoint.always |= dict.fromkeys(names, hang)
    # Each is in the books while nothing of it is taken.
    slow = await asyncio.gather(*(begun(world, "slow", name) for name in names))
    for _ in range(AT_ONCE):
        await hanging.acquire()
    quick = await asyncio.gather(*(begun(world, "quick", f"quick-{number}") for number in range(5)))
    change = ChangeQuantity(by="admin_agent", quantity=5)
    # The answer comes once the change is in the books.
    await asyncio.gather(*(world.server.subscriptions.ask(name, change) for name in (*quick, *slow[:5])))
    for name in quick:
        await endpoint.until(name, 2)
    assert [endpoint.taken(name) for name in quick] == [[1, 2]] * len(quick)
    assert [endpoint.heard(name) for name in slow] == [[]] * WAITING
    assert (await world.server.subscriptions.details(slow[0])).told == 0
    released.set()
    for name in slow:
        await endpoint.until(name, 1)


async def test_a_try_that_outlives_its_life_is_made_again_and_changes_nothing(world: World, endpoint: Endpoint) -> None:
    """The delivery's first try and the life's last one overlap: one id, one body, in order."""
    released, hanging = asyncio.Event(), asyncio.Event()

    async def hang() -> int:
        hanging.set()
        await released.wait()
        return 500

    endpoint.answers["slow-last"].append(hang)
    await begun(world, "slow", "slow-last")
    await hanging.wait()
    await world.server.subscriptions.ask("slow-last", Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
    await world.server.subscriptions.handle("slow-last").result()
    delivery = world.server.client.get_workflow_handle(delivery_workflow_id("slow-last"))
    assert (await delivery.result())["told"] == 2
    released.set()
    while len(heard := endpoint.heard("slow-last")) < 3:
        await asyncio.sleep(0.02)
    assert [(each.seq, each.status) for each in heard] == [(1, 204), (2, 204), (1, 500)]
    assert heard[0].body == heard[2].body
    assert await world.books.notifications.counts("slow-last") == {NotificationStatus.DELIVERED: 2}


def started(history: WorkflowHistory) -> list[datetime]:
    """When the server handed out the tries to tell, by its own clock."""
    telling = [
        event.event_id
        for event in history.events
        if event.activity_task_scheduled_event_attributes.activity_type.name == "tell_publisher"
    ]
    return [
        event.event_time.ToDatetime(UTC)
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
        and event.activity_task_started_event_attributes.scheduled_event_id in telling
    ]


async def test_no_publisher_is_told_faster_than_its_rate(world: World, endpoint: Endpoint) -> None:
    """Over any time at most the rate, a second's worth at once, and two for what the server's own notes take."""
    names = await asyncio.gather(*(begun(world, "paced", f"paced-{number}") for number in range(PACED)))
    for name in names:
        await endpoint.until(name, 1)
    histories = [await world.server.subscriptions.handle(name).fetch_history() for name in names]
    tries = sorted(at for history in histories for at in started(history))
    assert len(tries) == PACED
    for (first, earlier), (last, later) in combinations(enumerate(tries), 2):
        assert last - first + 1 <= RATE * (later - earlier).total_seconds() + RATE + 2
