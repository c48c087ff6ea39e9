"""Invariant 13 under fire: a publisher that fails three tries in ten, and workers that are killed meanwhile."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from activities.adapters.sql.catalog.catalog import SqlCatalog
from activities.adapters.sql.database import Database
from activities.adapters.sql.notifications.notifications import SqlNotifications
from activities.adapters.sql.schema import upgrade
from activities.adapters.sql.subscription.auditor import SqlAuditor
from activities.adapters.sql.subscription.reader import SqlReader
from activities.settings import Settings
from domain.notification import NotificationStatus
from examples.publisher.faults import Board
from examples.publisher.server import PublisherServer
from hosting.assembly import prepare_namespace
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from tests.chaos.worker import Faults, WorkerOrder, lively
from tests.chaos.zygote import Workers, Zygote
from tests.support.live.planned_lives import PlannedLife
from tests.support.live.purchases import settings_in
from tests.support.publisher.endpoint import SECRET, publishers_at
from tests.support.publisher.heard import Heard, applied
from tests.support.publisher.imported import listed_in
from tests.support.shop.live import imported
from tests.support.shop.offers import listed
from workflows.durable.workflow_ids import delivery_workflow_id
from workflows.subscription.client import Subscriptions

QUEUE = "chaos"
LIVES = int(os.environ.get("PERENNIAL_CHAOS_LIVES", "8"))
"""A few, with few events each, take seconds; `make told` has 200."""
MANY = LIVES >= 50
EVENTS = 20 if MANY else 8
pytestmark = [pytest.mark.live, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(1800 if MANY else 420)]

ALL = LIVES * EVENTS
KILLED_AT = [ALL * part // 100 for part in (5, 20, 40, 60)]
"""After so many events have been applied."""
FAULTS: dict[str, Any] = {
    "error": {"percent": 7},
    "timeout": {"percent": 3},
    "slow": {"percent": 4, "seconds": 1.5},
    "drop": {"percent": 5},
    "reorder": {"percent": 4, "seconds": 2.5},
    "too_many": {"percent": 3, "seconds": 1},
    "never": {"percent": 4},
}
"""Three tries in ten, in all the ways there are; whoever is slow or late is so beyond the sender's patience."""
PAUSE, PATIENCE = 0.1, 60
"""Seconds between two looks, and without any new event until it is a failure; a kill costs ten or so."""
AT_ONCE = {"per_second": 10_000, "at_once": 100, "timeout_seconds": 1}


@asynccontextmanager
async def bad_publisher(settings: Settings) -> AsyncIterator[tuple[PublisherServer, Path]]:
    """The publisher, whom the settings' books list, and the operator's file with its secret."""
    directory = settings.data_dir
    async with PublisherServer(directory / "publisher", [SECRET], "http://127.0.0.1:1") as publisher:
        publisher.faults.replace(Board.model_validate({"seed": 7, **FAULTS}))
        publishers = publishers_at(publisher.webhooks, contoso={"secrets": [SECRET], **AT_ONCE})
        await listed_in(settings, publishers)
        file = directory / "secrets.yaml"
        file.write_text(f"contoso-1: {SECRET}\n")
        yield publisher, file


async def killing(workers: Workers, publisher: PublisherServer) -> int:
    """Kill the worker at its times; return when every event is applied, with the number of kills."""
    left, seen, still = list(KILLED_AT), 0, 0.0
    while (count := await applied(publisher)) < ALL:
        if left and count >= left[0] and workers.kill(min):
            left.pop(0)
        still = 0 if count > seen else still + PAUSE
        seen = count
        assert still < PATIENCE, f"{count} of {ALL} events arrived: {publisher.log.figures()}"
        await asyncio.sleep(PAUSE)
    return len(KILLED_AT) - len(left)


async def ended(client: Client, subscriptions: Subscriptions, lives: list[PlannedLife]) -> int:
    """Wait until the ended lives' workflows and deliveries have told everything; how many deliveries there were."""
    deliveries = 0
    for life in lives:
        await subscriptions.handle(life.id).result()
        handle = client.get_workflow_handle(delivery_workflow_id(life.id))
        if [found async for found in client.list_workflows(f"WorkflowId = '{handle.id}'")]:
            assert (await handle.result())["told"] == EVENTS
            deliveries += 1
    return deliveries


async def until_settled(notices: SqlNotifications) -> dict[NotificationStatus, int]:
    """How the outbox stands once nothing in it waits: the last acknowledgement may have been lost on its way."""
    while NotificationStatus.WAITING in (counts := await notices.counts()):
        await asyncio.sleep(0.1)
    return counts


async def test_invariant_13_a_bad_publisher_and_killed_workers(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    settings = settings_in(tmp_path, QUEUE)
    await upgrade(settings.database_url)
    lives = [PlannedLife(number, EVENTS) for number in range(LIVES)]
    with lively():
        await told_while_killed(settings, lives, record_property)


async def told_while_killed(
    settings: Settings, lives: list[PlannedLife], record_property: Callable[[str, object], None]
) -> None:
    """Live the lives, and look at what the publisher has heard."""
    directory = settings.data_dir
    async with (
        EmbeddedServer(directory / "server") as server,
        bad_publisher(settings) as (publisher, file),
        Database(settings.database_url) as database,
        Zygote() as zygote,
    ):
        client = await connect_to(server.address)
        await prepare_namespace(client)
        await imported(SqlCatalog(database), listed())
        subscriptions = Subscriptions(client, QUEUE)
        faults = Faults(str(directory / "places"))
        order = WorkerOrder(server.address, QUEUE, str(directory), settings.database_url, faults, str(file))
        async with Workers(zygote, order).running() as workers:
            async with asyncio.TaskGroup() as together:
                killed = together.create_task(killing(workers, publisher))
                for life in lives:
                    together.create_task(life.live(subscriptions))
            counts = await until_settled(SqlNotifications(database))
            deliveries = await ended(client, subscriptions, [life for life in lives if life.ends])
        heard, kills = Heard(publisher), killed.result()
        report = heard.told(kills=kills, deliveries=deliveries)
        record_property("figures", report)

        assert (kills, counts) == (len(KILLED_AT), {NotificationStatus.DELIVERED: ALL})
        assert deliveries > 0
        assert (heard.figures.applied_twice, heard.figures.applied_out_of_order) == (0, 0)
        # Nothing was forged, malformed or early.
        assert set(heard.figures.verdicts) == {"applied", "repeat", "faulted"}
        assert set(heard.figures.faults) == set(FAULTS) if MANY else len(heard.figures.faults) >= 3
        await told_in_order(heard, publisher, lives)
        await lived_as_simulated(SqlReader(database), lives)
        await audited(SqlAuditor(database))


async def told_in_order(heard: Heard, publisher: PublisherServer, lives: list[PlannedLife]) -> None:
    """Each event once, first arrivals in an unbroken chain, repeats under one id with one body."""
    chain = [(sequence, sequence - 1) for sequence in range(1, EVENTS + 1)]
    for life in lives:
        assert publisher.inbox.applied(life.id) == list(range(1, EVENTS + 1))
        assert heard.first_arrivals(life.id) == chain
        bodies = heard.bodies(life.id)
        assert list(bodies) == [f"{life.id}:{sequence}" for sequence, _ in chain]
        assert all(len(body) == 1 for body in bodies.values())


async def lived_as_simulated(reader: SqlReader, lives: list[PlannedLife]) -> None:
    """Neither a publisher nor a kill moves a date or an amount: TIM-5, MON-2."""
    for life in lives:
        book = life.simulated().book
        assert await reader.events(life.id) == book.events
        assert await reader.rows(life.id) == book.rows


async def audited(auditor: SqlAuditor) -> None:
    """What `python starter.py check` would find."""
    seen, after = 0, None
    while page := await auditor.page(after=after):
        assert [(life.violations, life.access_confirmed) for life in page] == [((), True)] * len(page)
        seen, after = seen + len(page), page[-1].subscription_id
    assert seen == LIVES
