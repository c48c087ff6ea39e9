"""BUY-3, MON-2: an order whose worker is killed twice buys every line that can be bought, once."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, ColumnElement, Connection, Table, func, select
from temporalio.client import Client

from activities.adapters.sql.catalog.catalog import SqlCatalog
from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.orders import SqlOrders
from activities.adapters.sql.schema import upgrade
from activities.adapters.sql.subscription.auditor import SqlAuditor
from activities.adapters.sql.subscription.reader import SqlReader
from activities.adapters.sql.tables.subscription import claim, journal, ledger_entry, subscription
from activities.orders.contracts import PlacedOrder
from domain.ordering.lines import OrderRequest
from domain.subscription.commands import Suspend
from domain.subscription.holds import Reason
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from tests.support.live.purchases import settings_in
from tests.support.live.worker_process import MortalWorker
from tests.support.shop.buyers import customer, request
from tests.support.shop.catalog import OFFERS
from tests.support.shop.live import imported
from tests.support.shop.offers import listed
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.order.client import OrderClient
from workflows.subscription.client import Subscriptions

pytestmark = [pytest.mark.live, pytest.mark.chaos, pytest.mark.timeout(240)]

QUEUE, CUSTOMER = "mortal-orders", "mortal-customer"
GOOD = 40
TRIALS = 5
BAD: list[tuple[dict[str, Any], str]] = [
    ({"offer": "solo"}, "ELG-1"),
    ({"offer": "suspended"}, "ELG-2"),
    ({"offer": "only-in-france"}, "ELG-3"),
    ({"offer": "not-through-us"}, "ELG-4"),
    ({"offer": "for-others"}, "ELG-5"),
    ({"offer": "container"}, "ELG-6"),
    ({"offer": "unknown"}, "ELG-6"),
    ({"offer": "isv-usage"}, "ELG-7"),
    ({"offer": "for-schools"}, "ELG-8"),
    ({"offer": "few", "quantity": 6}, "ELG-8"),
    ({"offer": "few", "add_ons": {"none": 1}}, "BUY-4"),
    ({"offer": "few", "subscription_id": "before-1"}, "BUY-3"),
]
"""What fails, and by which rule."""


def large_order() -> OrderRequest:
    """Forty good lines, trials among them, with a bad one behind every third."""
    good: list[dict[str, Any]] = [{"offer": f"trial-{number}"} for number in range(TRIALS)]
    good += [{"offer": "contoso-crm", "quantity": n + 1} for n in range(GOOD - TRIALS)]
    bad = [line for line, _ in BAD]
    lines = []
    for number, line in enumerate(good):
        lines.append(line)
        if number % 3 == 2 and bad:
            lines.append(bad.pop(0))
    return request(*lines, order_id="large", customer=CUSTOMER)


class Fate:
    """Kills the worker while lines are decided, and again while subscriptions are started."""

    def __init__(self, worker: MortalWorker) -> None:
        self._worker = worker
        self.killed_at: list[str] = []

    def watch(self, order: PlacedOrder) -> None:
        """Called whenever a line has moved."""
        decided = sum(line.status != "waiting" for line in order.lines)
        bought = sum(line.status == "bought" for line in order.lines)
        if not self.killed_at and decided >= 10:
            self._kill("decided" if decided < len(order.lines) else "too late")
        elif len(self.killed_at) == 1 and bought >= 8:
            self._kill("bought" if bought < GOOD else "too late")

    def _kill(self, when: str) -> None:
        self._worker.kill()
        self.killed_at.append(when)


async def bought_before(subscriptions: Subscriptions, orders: OrderClient) -> None:
    """What stands in the way of the one-per-customer and of the suspended offer."""
    await orders.place(request({"offer": "solo"}, {"offer": "suspended"}, order_id="before", customer=CUSTOMER))
    await orders.settled("before")
    await subscriptions.ask("before-2", Suspend(by="admin_agent", reason=Reason.FRAUD))
    await subscriptions.settled("before-1")


def counts(connection: Connection) -> dict[str, int]:
    """What the books hold of the large order."""

    def count(table: Table, column: Column[str], *where: ColumnElement[bool]) -> int:
        found = select(func.count()).select_from(table).where(column.like("large-%"), *where)
        return connection.scalar(found) or 0

    return {
        "subscriptions": count(subscription, subscription.c.id),
        "events": count(journal, journal.c.subscription_id),
        "purchased": count(journal, journal.c.subscription_id, journal.c.event == "purchased"),
        "charges": count(ledger_entry, ledger_entry.c.subscription_id),
        "claims": count(claim, claim.c.subscription_id),
    }


async def on_the_server(client: Client) -> set[str]:
    """The subscriptions of the customer that live on the server, as soon as all can be seen there."""
    query = f"WorkflowType = 'SubscriptionWorkflow' AND CustomerId = '{CUSTOMER}'"
    while (await client.count_workflows(query)).count < GOOD + 2:
        await asyncio.sleep(0.05)
    return {execution.id async for execution in client.list_workflows(query)}


async def test_killed_twice_and_forty_are_bought_once(server: EmbeddedServer, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, task_queue=QUEUE)
    await upgrade(settings.database_url)
    client = await connect_to(server.address)
    orders, subscriptions = OrderClient(client, QUEUE), Subscriptions(client, QUEUE)
    wanted = large_order()
    worker = MortalWorker(server.address, tmp_path, QUEUE)
    try:
        async with Database(settings.database_url) as database:
            trials = [listed(id=f"trial-{n}", name=f"Trial {n}", trial_days=30) for n in range(TRIALS)]
            offers = (*OFFERS, *trials, listed(id="suspended", name="Suspended"))
            opened = datetime(2020, 1, 1, tzinfo=UTC)
            await imported(SqlCatalog(database), *offers, customers=(customer(id=CUSTOMER, account_opened=opened),))
            await bought_before(subscriptions, orders)
            fate = Fate(worker)
            await orders.place(wanted)
            order = await asyncio.wait_for(orders.settled("large", fate.watch), 180)
            assert fate.killed_at == ["decided", "bought"]
            bought = [line.subscription_id for line in order.lines if line.status == "bought"]
            for subscription_id in bought:
                await subscriptions.settled(subscription_id)
            assert len(bought) == GOOD
            assert [line.refusal.rule.value for line in order.lines if line.refusal] == [rule for _, rule in BAD]
            assert await SqlOrders(database).order("large") == order
            assert await database.read(counts) == {
                "subscriptions": GOOD,
                "events": GOOD + TRIALS,
                "purchased": GOOD,
                "charges": GOOD - TRIALS,
                "claims": TRIALS,
            }
            lives = {subscription_workflow_id(subscription_id) for subscription_id in (*bought, "before-1", "before-2")}
            assert await on_the_server(client) == lives
            audited = await SqlAuditor(database).page()
            assert [life.violations for life in audited] == [()] * (GOOD + 2)
            for line in order.lines:
                if line.status == "bought" and line.offer == "contoso-crm":
                    (row,) = await SqlReader(database).rows(line.subscription_id)
                    assert str(row.amount) == f"{10 * line.quantity}.00"
    finally:
        worker.stop()
