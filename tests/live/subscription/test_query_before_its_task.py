"""TIM-5: a query that waited for a worker must not run the workflow on events that no task of it has taken."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle

from activities.adapters.sql.schema import upgrade
from domain.ordering.terms import Order
from hosting.assembly import World, running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from tests.support.live.purchases import order, settings_in
from workflows.durable import options
from workflows.durable.clock import TestClock

QUEUE = "waits-for-a-worker"
QUERIES = 6
BEFORE, LOOK, PATIENCE = 2, 0.1, 30

pytestmark = [pytest.mark.live, pytest.mark.timeout(60)]

Happen = Callable[[World, WorkflowHandle[Any, Any], TestClock, datetime], Coroutine[Any, Any, None]]


async def a_timer(world: World, handle: WorkflowHandle[Any, Any], clock: TestClock, due: datetime) -> None:
    """The subscription renews."""
    await world.clock.advance(handle, clock, due)


async def a_signal(world: World, handle: WorkflowHandle[Any, Any], clock: TestClock, due: datetime) -> None:
    """Another service sends a signal."""
    await handle.signal("suspension_requested", {"by": "service", "reason": "fraud"})


@pytest.mark.parametrize("happen", [a_timer, a_signal])
async def test_tim_5_a_query_that_waited_for_a_worker_changes_nothing(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, happen: Happen
) -> None:
    """Without the guard the first worker decides at the time of the task before, and the next one cannot replay it."""
    # The SDK may lose the workflow's task with the query; the server gives it out again after this.
    monkeypatch.setattr(options, "TASK_TIMEOUT", timedelta(seconds=2))
    client = await connect_to(server.address)
    settings = settings_in(tmp_path, f"{QUEUE}-{happen.__name__}")
    await upgrade(settings.database_url)
    bought: Order = order()
    clock = TestClock.ahead_by(bought.at - datetime.now(UTC))
    async with running_worker(client, settings) as world:
        subscriptions = world.server.subscriptions
        await subscriptions.buy(bought, clock=clock)
        begun = (await subscriptions.settled(bought.subscription_id)).subscription
    assert begun.term is not None
    handle = subscriptions.handle(bought.subscription_id)
    asked = [asyncio.create_task(handle.query("life")) for _ in range(QUERIES)]
    await asyncio.sleep(BEFORE)
    happens = asyncio.create_task(happen(world, handle, clock, begun.term.end))
    await asyncio.sleep(BEFORE)
    async with running_worker(client, settings), asyncio.timeout(PATIENCE):
        await happens
        while (decided := await subscriptions.settled(bought.subscription_id)).subscription.seq == begun.seq:
            await asyncio.sleep(LOOK)
        for query in asked:
            query.cancel()
    async with running_worker(client, settings) as world:
        assert await subscriptions.settled(bought.subscription_id) == decided
        written = await world.books.subscriptions.events(bought.subscription_id)
    assert written[-1].at == decided.subscription.last_at
    tasks = [event.event_type async for event in handle.fetch_history_events()]
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in tasks
