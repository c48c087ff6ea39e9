"""A bulk operation whose worker is killed again and again does each item once, and comes to what was shown."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import upgrade
from activities.adapters.sql.tables.subscription import journal
from activities.provisioning.door import Visits
from activities.wall_clock import wall_clock
from domain.bulk.items import ItemStatus
from domain.bulk.operations import BulkState
from domain.bulk.requests import Selection
from domain.subscription.commands import Cancel
from domain.subscription.holds import Reason
from hosting.embedded.server import EmbeddedServer
from hosting.sql_books import books_in
from hosting.temporal.connection import connect_to
from perennial.bulk.bulk import Bulk, Pace
from perennial.bulk.planning import Choice
from perennial.sources.books import Books
from perennial.sources.server import Server
from perennial.sources.sources import Sources
from tests.support.live.patience import patiently
from tests.support.live.purchases import order, settings_in
from tests.support.live.worker_process import MortalWorker
from tests.support.shop.bulk import licences

pytestmark = [pytest.mark.live, pytest.mark.chaos, pytest.mark.timeout(240)]

QUEUE, CUSTOMER = "mortal-bulk", "many"
MANY = 60
KILLED_AT = (8, 25, 45)
"""The worker is killed once so many items are done."""


async def nobody(_: str) -> Visits:
    raise NotImplementedError


async def carried_out(bulk: Bulk, bulk_id: str, event: str, worker: MortalWorker, database: Database) -> None:
    """Wait for the operation's end, and kill the worker each time that so many have had its event."""
    kills = list(KILLED_AT)
    while (await bulk.operation(bulk_id)).state is not BulkState.DONE:
        assert (await bulk.operation(bulk_id)).state is not BulkState.PAUSED
        if kills and await database.read(had, event) >= kills[0]:
            kills.pop(0)
            worker.kill()
        await asyncio.sleep(0.01)
    assert kills == []


def had(connection: Connection, event: str) -> int:
    """How many have had the event."""
    return connection.scalar(select(func.count()).where(journal.c.event == event)) or 0


async def bought(server: Server) -> list[str]:
    """Many subscriptions, all in the books."""
    ids = [f"{CUSTOMER}-{number:03}" for number in range(MANY)]

    async def buy(one: str) -> None:
        await server.subscriptions.buy(order(subscription_id=one, customer=CUSTOMER), invoiced=False)

    await asyncio.gather(*map(buy, ids))
    for one in ids:
        await patiently(lambda one=one: server.subscriptions.settled(one))  # type: ignore[misc]  # bound now
    return ids


async def events(books: Books, subscription_id: str) -> list[str]:
    return [event.event.value for event in await books.subscriptions.events(subscription_id)]


async def test_killed_three_times_and_each_is_done_once(server: EmbeddedServer, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, task_queue=QUEUE)
    await upgrade(settings.database_url)
    client = await connect_to(server.address)
    worker = MortalWorker(server.address, tmp_path, QUEUE)
    try:
        async with Database(settings.database_url) as database:
            temporal, books = Server.of(client, QUEUE, wall_clock), books_in(database)
            bulk = Bulk(Sources.of(temporal, books, nobody, wall_clock))
            ids = await bought(temporal)
            everything = Selection(customer=CUSTOMER)
            cancel = Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST)
            for event, ask in (("quantity_changed", licences(5)), ("cancelled", cancel)):
                plan = await patiently(lambda ask=ask: bulk.plan(Choice.by_filters(ask, everything)))  # type: ignore[misc]  # bound now
                assert plan.totals.count(ItemStatus.WAITING) == MANY
                await bulk.start(event, plan, Pace(per_second=60))
                await carried_out(bulk, event, event, worker, database)
                totals = await books.bulks.totals(event)
                # A cancelled one has ended, and still it counts as done, with its credit.
                assert totals.count(ItemStatus.DONE) == MANY
                assert totals.credits(ItemStatus.DONE) == plan.totals.credits(ItemStatus.WAITING)
                assert totals.charges(ItemStatus.DONE) == plan.totals.charges(ItemStatus.WAITING)
            assert worker.kills == 2 * len(KILLED_AT)
            for one in ids:
                await patiently(lambda one=one: temporal.subscriptions.settled(one))  # type: ignore[misc]  # bound now
                assert await events(books, one) == ["purchased", "quantity_changed", "cancelled"]
            assert [life.violations for life in await books.subscription_auditor.page(MANY)] == [()] * MANY
    finally:
        worker.stop()
