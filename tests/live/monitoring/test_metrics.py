"""What Prometheus reads from a worker that sells, renews, refuses and fails."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import WorkflowUpdateFailedError

from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.orders import SqlOrders
from activities.adapters.sql.revision import HEAD
from activities.settings import Settings
from domain.ordering.terms import Order
from domain.subscription.commands import Activate, ChangeQuantity, Suspend
from domain.subscription.holds import Reason
from hosting.assembly import World
from hosting.embedded.server import EmbeddedServer
from tests.support.live.purchases import order, settings_in
from tests.support.live.repairs import bought
from tests.support.metrics.scrape import Scrape, scraped
from tests.support.metrics.watched import watched_worker
from tests.support.raw_sql import change
from tests.support.shop.buyers import customer, partner, request
from tests.support.shop.offers import listed
from tests.support.shop.orders import placed, stock
from workflows.durable.clock import TestClock
from workflows.durable.workflow_ids import subscription_workflow_id

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

COUNTED = (
    "perennial_commands_total",
    "perennial_refusals_total",
    "perennial_rejections_total",
    "perennial_events_total",
)
MONTHS = timedelta(days=40)
SOON = timedelta(seconds=4)
LATE_COUNT = "perennial_milestone_lateness_seconds_count"


async def until(address: str, name: str, value: float, **labels: str) -> Scrape:
    """Read until the sum of the samples is at least this."""
    async with asyncio.timeout(90):
        while (found := await scraped(address)).value(name, **labels) < value:
            await asyncio.sleep(0.5)
    return found


async def renewed(world: World) -> None:
    """A subscription on a test clock goes over the end of its first term."""
    wanted = order()
    clock = TestClock.ahead_by(wanted.at - datetime.now(UTC))
    await world.server.subscriptions.buy(wanted, clock=clock)
    await world.server.subscriptions.settled(wanted.subscription_id)
    handle = world.server.client.get_workflow_handle(subscription_workflow_id(wanted.subscription_id))
    await world.clock.advance(handle, clock, wanted.at + MONTHS)


async def test_what_happens_is_counted_and_a_replay_counts_nothing(server: EmbeddedServer, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, "metrics")
    async with watched_worker(server.address, settings) as (world, address):
        await scraped(address)
        subscription = await bought(world)
        await renewed(world)
        ask = world.server.subscriptions.ask
        await ask(subscription, ChangeQuantity(by="admin_agent", quantity=7))
        await ask(subscription, Suspend(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
        refused = await ask(subscription, Activate(by="publisher"))
        handle = world.server.client.get_workflow_handle(subscription_workflow_id(subscription))
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update("cancel", args=["one", "two"])
        found = await until(address, "perennial_renewals_total", 1)
    assert found.value("perennial_commands_total", command="change_quantity", outcome="done") == 1
    assert found.value("perennial_commands_total", command="activate", outcome="refused") == 1
    assert found.value("perennial_refusals_total", rule=refused.rule) == 1
    assert found.value("perennial_rejections_total", command="cancel", error="Malformed") == 1
    assert found.value("perennial_command_seconds_count", command="suspend") == 1
    assert found.value("perennial_command_seconds_bucket", command="suspend", le="60") == 1
    assert found.value("perennial_renewals_total") == 1
    assert found.value("perennial_charges_total", currency="USD") >= 2
    assert found.value("perennial_charges_minor_units_total", currency="USD") >= 2 * 3000
    assert found.value("perennial_database_wait_seconds_count", turn="write") >= 4
    assert found.value("perennial_effects_waiting", activity="record") == 0
    assert found.value("temporal_sticky_cache_size") >= 1
    assert found.value("temporal_workflow_task_execution_latency_seconds_count") >= 1
    assert not {"subscription", "subscription_id", "customer", "workflow_id"} & {
        label for each in found.samples for label in each.labels
    }
    async with watched_worker(server.address, settings) as (world, address):
        details = await world.server.subscriptions.details(subscription)
        assert details.state == "suspended"
        replayed = await scraped(address)
        assert replayed.value("temporal_sticky_cache_size") >= 1
        assert [each for each in replayed.samples if each.name in COUNTED] == []
        assert replayed.value("perennial_subscriptions", state="suspended") == 1


async def ordered_at(settings: Settings, at: datetime) -> Order:
    """A purchase with a trial of 30 days, placed at that instant."""
    async with Database(settings.database_url) as database:
        await stock(database, partner(), customer(), listed(trial_days=30))
        orders = SqlOrders(database)
        await placed(orders, request({"quantity": 3}), at)
        return await orders.purchase("o-1", 1)


async def test_a_milestone_is_as_late_as_it_was_in_the_books(server: EmbeddedServer, tmp_path: Path) -> None:
    """A trial ends by the clock on the wall: what is measured is no more than what was waited for."""
    settings = settings_in(tmp_path, "lateness")
    async with watched_worker(server.address, settings) as (world, address):
        await scraped(address)
        ends = datetime.now(UTC) + SOON
        # A start is dated now, unless an order has placed it before.
        purchase = await ordered_at(settings, ends - timedelta(days=30))
        await world.server.subscriptions.buy(purchase, placed=True)
        found = await until(address, LATE_COUNT, 1, event="converted")
        waited = (datetime.now(UTC) - ends).total_seconds()
    assert found.value(LATE_COUNT) == 1, "a purchase is no milestone"
    assert 0 < found.value("perennial_milestone_lateness_seconds_sum", event="converted") <= waited
    assert found.value("perennial_milestone_lateness_seconds_bucket", event="converted", le="60") == 1


async def test_an_effect_that_fails_waits_and_what_needs_attention_has_a_cause(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hosting.monitoring.gauges.FRESH", timedelta(0))
    settings = settings_in(tmp_path, "failing")
    async with watched_worker(server.address, settings) as (world, address):
        subscription = await bought(world)
        before = (await scraped(address)).value("perennial_attention", cause="record")
        command = ChangeQuantity(by="admin_agent", quantity=7)
        async with Database(settings.database_url, migrates=True) as database:
            await change(database, "UPDATE alembic_version SET version_num = '0001'")
            await world.server.subscriptions.ask(subscription, command, wait=False)
            found = await until(address, "perennial_effects_waiting", 1, activity="record")
            assert found.value("perennial_figures_read", source="books") == 0
            assert found.value("perennial_figures_read", source="server") == 1
            # An event under its number, of which the workflow knows nothing.
            await change(database, "UPDATE subscription SET last_seq = 2 WHERE id = '" + subscription + "'")
            await change(database, f"UPDATE alembic_version SET version_num = '{HEAD}'")
        found = await until(address, "perennial_attention", before + 1, cause="record")
        assert found.value("perennial_effects_waiting", activity="record") == 0
        assert found.value("perennial_figures_read", source="books") == 1
