"""`reconcile` finds workflows that know less or more than the books, are late, stuck, or wait for somebody."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.subscription.commands import Cancel, ChangeQuantity
from domain.subscription.holds import Reason
from hosting.assembly import World
from statemachines.audit.findings import Kind, Noun
from statemachines.audit.observed import Run
from statemachines.audit.reconciliation import ON_ITS_WAY
from tests.support.live.purchases import order
from tests.support.live.repairs import LATER, Place, bought, tasks_of
from tests.support.publisher.endpoint import Endpoint, publishers_at
from tests.support.publisher.imported import listed_in
from tests.support.shop.live import imported, locked_books
from tests.support.shop.offers import listed
from workflows.calls.errors import NotAnswered
from workflows.calls.runs import Runs
from workflows.durable.workflow_ids import delivery_workflow_id, subscription_workflow_id
from workflows.notifications.messages import RetryNotification

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


@workflow.defn(name="SubscriptionWorkflow", sandboxed=False)
class Broken:
    """Code that cannot run what began with other code."""

    @workflow.run
    async def run(self, _: Any) -> None:
        raise RuntimeError("this code breaks")


async def change_quantity(world: World, subscription: str, quantity: int) -> None:
    await world.server.subscriptions.ask(subscription, ChangeQuantity(by="admin_agent", quantity=quantity))


async def until_found(place: Place, *wanted: tuple[str, str, str], **options: Any) -> None:
    """Wait until exactly these are found."""
    async with asyncio.timeout(60):
        while await place.found(**options) != set(wanted):
            await asyncio.sleep(0.3)


async def test_a_reset_workflow_is_behind_until_a_worker_runs_it(place: Place) -> None:
    async with place.worker() as world:
        subscription = await bought(world)
        name = subscription_workflow_id(subscription)
        before = await tasks_of(place.client, name)
        await change_quantity(world, subscription, 7)
    old = await place.run_id(name)
    await place.reset(name, to=before[-1], reapply=False)
    report = await place.reconcile(subscription)
    kinds = {finding.kind: finding for finding in report.findings if finding.noun is Noun.SUBSCRIPTION}
    assert set(kinds) == {Kind.RESET, Kind.BEHIND}
    assert f"Run {old} was ended by it." in kinds[Kind.RESET].cause
    assert {finding.replaced_run for finding in kinds.values()} == {old}
    assert (kinds[Kind.BEHIND].recorded, kinds[Kind.BEHIND].known) == (2, 1)
    async with place.worker() as world:
        await until_found(place)
        assert (await world.server.subscriptions.settled(subscription)).subscription.quantity == 7
    # Its history says that it has looked at the books.
    assert {finding.noun for finding in (await place.reconcile(subscription)).findings} <= {Noun.WORKER}


async def test_a_reset_that_has_caught_up_is_no_finding(place: Place) -> None:
    async with place.worker() as world:
        subscription = await bought(world, tested=True, at=order().at)
        name = subscription_workflow_id(subscription)
        await place.reset(name, to=(await tasks_of(place.client, name))[-1])
        await world.server.subscriptions.details(subscription)
        assert await place.found() == set()


async def test_what_an_older_copy_of_the_books_lacks_is_told_exactly(place: Place, tmp_path: Path) -> None:
    books, copy = tmp_path / "perennial.db", tmp_path / "copy.db"
    async with place.worker() as world:
        changed, untouched, ended = await bought(world), await bought(world), await bought(world)
    shutil.copy(books, copy)
    async with place.worker() as world:
        await change_quantity(world, changed, 7)
        await change_quantity(world, changed, 8)
        await world.server.subscriptions.ask(ended, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
        await world.server.subscriptions.handle(ended).result()
        new = await bought(world)
        await asyncio.sleep(2)  # the server's list of ended workflows lags
    for suffix in ("-wal", "-shm"):
        books.with_name(books.name + suffix).unlink(missing_ok=True)
    shutil.copy(copy, books)
    async with place.worker():
        report = await place.reconcile()
    without_worker = await place.reconcile()
    nobody, *same = without_worker.findings
    assert (nobody.noun, nobody.kind) == (Noun.WORKER, Kind.UNANSWERED)
    assert [(each.id, each.kind, each.known) for each in same] == [(f.id, f.kind, f.known) for f in report.findings]
    findings = {finding.id: finding for finding in report.findings}
    assert {finding.kind for finding in report.findings} == {Kind.AHEAD}
    assert set(findings) == {changed, ended, new}
    assert untouched not in findings
    assert (findings[changed].recorded, findings[changed].known) == (1, 3)
    assert findings[changed].cause.startswith("The books lack the recorded events 2 to 3:")
    assert (findings[ended].recorded, findings[ended].known) == (1, 2)
    assert (findings[new].recorded, findings[new].known) == (None, 1)


async def test_without_a_worker_milestones_pass(place: Place) -> None:
    async with place.worker() as world:
        subscription = await bought(world)
        tested = await bought(world, tested=True, at=order().at)
        assert await place.found(after=LATER) >= {("subscription", subscription, "overdue")}
    found = await place.found(after=LATER)
    assert found == {
        ("worker", place.settings.task_queue, "unanswered"),
        ("subscription", subscription, "overdue"),
        ("account", f"of-{subscription}", "overdue"),
    }, f"a test clock's dates say nothing about ours: {tested}"
    report = await place.reconcile(subscription, after=LATER, quick=True)
    (finding,) = report.findings
    assert (finding.kind, finding.due_at is not None) == (Kind.OVERDUE, True)
    assert await place.found(subscription, after=LATER, quick=True, grace=LATER) == set()


async def test_a_workflow_that_its_code_cannot_replay_is_stuck(place: Place) -> None:
    async with place.worker() as world:
        subscription = await bought(world)
        name = subscription_workflow_id(subscription)

    async with Worker(
        place.client,
        task_queue=place.settings.task_queue,
        workflows=[Broken],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        await place.client.get_workflow_handle(name).signal("reactivation_requested")
        async with asyncio.timeout(60):
            while not (stuck := [f for f in (await place.reconcile(subscription)).findings if f.kind is Kind.STUCK]):
                await asyncio.sleep(0.3)
        assert [finding.id for finding in stuck] == [subscription]
        assert "this code breaks" in stuck[0].cause
        with pytest.raises(NotAnswered, match=f"{subscription}: its workflow's task fails.* Find out what to do"):
            await world.server.subscriptions.details(subscription)
        # `reconcile` waits longer than the client, and does not take it for one that no worker answers for.
        found = (await place.reconcile(subscription)).findings
        assert {finding.kind for finding in found} == {Kind.STUCK}
    async with place.worker():
        await until_found(place)


async def test_what_is_named_is_looked_at_closely(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's lists know of a failing task only after five attempts."""
    looked, described = list[str](), Runs.described

    async def noted(self: Runs, workflow_id: str) -> Run | None:
        looked.append(workflow_id)
        return await described(self, workflow_id)

    monkeypatch.setattr(Runs, "described", noted)
    async with place.worker() as world:
        subscription = await bought(world)
        assert await place.found(subscription) == set()
    assert subscription_workflow_id(subscription) in looked


async def test_effects_that_fail_again_and_again(place: Place) -> None:
    async with place.worker() as world:
        subscription = await bought(world)
        with locked_books(place.settings):
            await world.server.subscriptions.ask(subscription, ChangeQuantity(by="admin_agent", quantity=7), wait=False)
            assert await place.found(subscription) == set(), "on its way"
            async with asyncio.timeout(100):
                while not (report := await place.reconcile(subscription)).findings:
                    await asyncio.sleep(0.5)
        assert [finding.kind for finding in report.findings] == [Kind.AHEAD, Kind.RETRYING]
        assert "`record` has been tried" in report.findings[0].cause
        await world.server.subscriptions.settled(subscription)
        assert await place.found(subscription) == set()


async def test_a_publisher_that_is_down_is_no_effect_that_fails(place: Place) -> None:
    async with Endpoint() as endpoint:
        terms = {"tries": 10_000, "window_hours": 1}
        secrets = await listed_in(place.settings, publishers_at(endpoint.url, contoso={"terms": terms}))
        async with place.worker(secrets=secrets) as world:
            await imported(world.books.catalog, listed())
            subscription = await bought(world)
            endpoint.always[subscription] = 500
            await change_quantity(world, subscription, 7)
            async with asyncio.timeout(60):
                while (await place.pending(subscription_workflow_id(subscription))).attempt <= ON_ITS_WAY:
                    await asyncio.sleep(0.3)
            assert await place.found(subscription) == set()


async def test_deliveries_are_found_too(place: Place) -> None:
    async with Endpoint() as endpoint:
        publishers = publishers_at(endpoint.url, contoso={"terms": {"tries": 1}})
        secrets = await listed_in(place.settings, publishers)
        async with place.worker(secrets=secrets) as world:
            await imported(world.books.catalog, listed())
            halted, lost = await bought(world), await bought(world)
            for subscription in (halted, lost):
                endpoint.always[subscription] = 500
                await world.server.subscriptions.ask(
                    subscription, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST)
                )
            for subscription in (halted, lost):
                await world.server.subscriptions.handle(subscription).result()
            await until_found(place, *(("delivery", each, "undeliverable") for each in (halted, lost)))
            report = await place.reconcile(halted)
            assert report.compared[Noun.DELIVERY] == 1
            await place.client.get_workflow_handle(delivery_workflow_id(halted)).terminate(reason="a test")
            await place.delete(delivery_workflow_id(lost))
            await until_found(place, ("delivery", halted, "terminated"), ("delivery", lost, "missing"))
            # The cure that the findings name.
            for subscription in (halted, lost):
                endpoint.always.pop(subscription)
                again = RetryNotification(by="operator", publisher="contoso")
                await world.perennial.notifications.retry(subscription, again)
            await until_found(place)
            assert [len(endpoint.heard(subscription)) >= 2 for subscription in (halted, lost)] == [True, True]
