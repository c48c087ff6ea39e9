"""`reconcile` finds workflows that were terminated, deleted or failed, and is clean once they are repaired."""

import asyncio
from pathlib import Path

import pytest

from activities.adapters.sql.database import Database
from domain.subscription.commands import Cancel
from domain.subscription.holds import Reason
from tests.support.live.purchases import order
from tests.support.live.repairs import Place, a_place, bought, tasks_of
from tests.support.raw_sql import change
from workflows.durable.workflow_ids import account_workflow_id, subscription_workflow_id

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


async def test_nothing_is_found_where_all_is_well(place: Place) -> None:
    async with place.worker() as world:
        await bought(world)
        await bought(world, tested=True, at=order().at)
        ended = await bought(world)
        await world.server.subscriptions.ask(ended, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
        await world.server.subscriptions.handle(ended).result()
        report = await place.reconcile()
        assert report.findings == []
        assert {noun.value: number for noun, number in report.compared.items()} == {
            "subscription": 2,
            "account": 3,
            "delivery": 0,
            "bulk": 0,
        }
        assert report.read == 5
        quick = await place.reconcile(quick=True)
        assert (quick.findings, quick.read) == ([], 0)


@pytest.mark.parametrize("quick", [False, True])
async def test_a_terminated_workflow_is_found_and_can_be_taken_up_again(place: Place, quick: bool) -> None:
    async with place.worker() as world:
        subscription, untouched = await bought(world), await bought(world)
        name = subscription_workflow_id(subscription)
        await place.client.get_workflow_handle(name).terminate(reason="typed into the wrong window")
        report = await place.reconcile(quick=quick)
        (finding,) = report.findings
        assert (finding.id, finding.kind) == (subscription, "terminated")
        assert "typed into the wrong window (by " in finding.cause
        assert finding.cause.endswith("The books have it up to event 1, active.")
        assert (finding.recorded, finding.workflow_id) == (1, name)
        assert str(finding.next_step).startswith("Find out who ended it and why, then start it again")
        assert await place.found(untouched) == set()
        # By hand: LastWorkflowTask.
        await place.reset(name, to=(await tasks_of(place.client, name))[-1])
        await world.server.subscriptions.details(subscription)
        assert await place.found() == set()


async def test_a_deleted_workflow_is_missing(place: Place) -> None:
    async with place.worker() as world:
        subscription = await bought(world)
        await place.delete(subscription_workflow_id(subscription))
        async with asyncio.timeout(30):
            while not (found := await place.found()):
                await asyncio.sleep(0.2)
        assert found == {("subscription", subscription, "missing")}


async def test_a_cancelled_workflow_lives_on(place: Place) -> None:
    async with place.worker() as world:
        subscription = await bought(world)
        await place.client.get_workflow_handle(subscription_workflow_id(subscription)).cancel()
        await world.server.subscriptions.details(subscription)
        assert await place.found() == set()


async def test_a_start_that_failed_is_found(place: Place) -> None:
    async with place.worker():
        name = subscription_workflow_id("bought-by-hand")
        handle = await place.client.start_workflow(
            "SubscriptionWorkflow", {"order": 7}, id=name, task_queue=place.settings.task_queue
        )
        with pytest.raises(Exception, match="Workflow execution failed"):
            await handle.result()
        async with asyncio.timeout(30):
            while not (report := await place.reconcile()).findings:
                await asyncio.sleep(0.2)
        (finding,) = report.findings
        assert (finding.id, finding.kind, finding.recorded) == ("bought-by-hand", "failed", None)
        assert "got 7; takes a mapping" in finding.cause
        assert "Nothing is recorded of it" in str(finding.next_step)


async def test_accounts_are_found_too(place: Place) -> None:
    async with place.worker() as world:
        ended, deleted, before = [f"of-{await bought(world)}" for _ in range(3)]
        async with Database(place.settings.database_url) as database:
            # As an earlier version has recorded it.
            await change(database, f"UPDATE subscription SET invoiced = NULL WHERE customer_id = '{before}'")
        assert await place.found() == set()
        await place.client.get_workflow_handle(account_workflow_id(before)).terminate(reason="a test")
        assert await place.found() == {("account", before, "terminated")}
        await place.reset(
            account_workflow_id(before), to=(await tasks_of(place.client, account_workflow_id(before)))[-1]
        )
        await world.server.accounts.details(before)
        assert await place.found() == set()
        await place.client.get_workflow_handle(account_workflow_id(ended)).terminate(reason="a test")
        await place.delete(account_workflow_id(deleted))
        assert await place.found(ended) == {("account", ended, "terminated")}
        async with asyncio.timeout(30):
            while await place.found() != {("account", ended, "terminated"), ("account", deleted, "missing")}:
                await asyncio.sleep(0.2)


async def test_books_in_postgresql(postgres_url: str, tmp_path: Path) -> None:
    async with a_place(tmp_path, postgres_url) as place, place.worker() as world:
        subscription, other = await bought(world), await bought(world)
        assert await place.found() == set()
        await place.client.get_workflow_handle(subscription_workflow_id(subscription)).terminate(reason="a test")
        await place.client.get_workflow_handle(account_workflow_id(f"of-{other}")).terminate(reason="a test")
        assert await place.found() == {
            ("subscription", subscription, "terminated"),
            ("account", f"of-{other}", "terminated"),
        }
