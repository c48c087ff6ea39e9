"""What versions of the workers do with runs: those without a version, overrides, versions without workers, endings."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.worker._workflow_instance import _WorkflowInstanceImpl

from domain.subscription.commands import Cancel, ChangeQuantity
from domain.subscription.holds import Reason
from hosting.assembly import WORKFLOWS, World, running_worker
from hosting.temporal.connection import connect_to
from perennial.bulk.moving import MOVED
from tests.support.live.builds import DEPLOYMENT, build_of, busy_until_on, set_current, set_ramping, until_on
from tests.support.live.crowd import hand_overs
from tests.support.live.purchases import order
from tests.support.live.repairs import Place
from tests.support.publisher.endpoint import Endpoint, publishers_at
from tests.support.publisher.imported import listed_in
from tests.support.shop.live import imported, locked_books
from tests.support.shop.moves import Moves, moved
from tests.support.shop.offers import listed
from workflows.calls.errors import Rejected
from workflows.durable import options
from workflows.durable.operator import Operator
from workflows.durable.workflow_ids import delivery_workflow_id, price_workflow_id, subscription_workflow_id
from workflows.guard.converter import DATA_CONVERTER
from workflows.guard.interceptor import GuardInterceptor
from workflows.notifications.messages import RetryNotification
from workflows.price_changes.messages import PriceProgress
from workflows.subscription.messages import Migration

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


@asynccontextmanager
async def worker(place: Place, build: str | None) -> AsyncIterator[World]:
    """A worker of that build; of none without a version."""
    client = await connect_to(place.client.service_client.config.target_host)
    deployment = DEPLOYMENT if build else None
    settings = place.settings.model_copy(update={"deployment": deployment, "build_id": build})
    async with running_worker(client, settings) as world:
        yield world


async def bought(world: World) -> str:
    wanted = order(listed().sold(now := datetime.now(UTC)), at=now)
    await world.server.subscriptions.buy(wanted)
    await world.server.subscriptions.settled(wanted.subscription_id)
    return wanted.subscription_id


async def change(world: World, subscription_id: str, quantity: int) -> None:
    await world.server.subscriptions.ask(subscription_id, ChangeQuantity(by="admin_agent", quantity=quantity))


async def migrate(world: World) -> Moves:
    return await moved(world.perennial)


def type_in(place: Place, *words: str) -> None:
    """Type Temporal's own command."""
    temporal, address = Path(sys.executable).with_name("temporal"), place.client.service_client.config.target_host
    done = subprocess.run([temporal, *words, "--address", address], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


def override(place: Place, workflow_id: str, behavior: str, build: str) -> None:
    version = "--versioning-override-deployment-name", DEPLOYMENT, "--versioning-override-build-id", build
    words = "workflow", "update-options", "--workflow-id", workflow_id, "--versioning-override-behavior", behavior
    type_in(place, *words, *version)


async def replays(place: Place, workflow_id: str, run_id: str) -> None:
    """The run's history replays: what it did about versions, it does again."""
    history = await place.client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=DATA_CONVERTER,
        interceptors=[GuardInterceptor()],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    await replayer.replay_workflow(history)


async def test_workers_without_versions_hand_over_as_before_and_versions_take_over(place: Place) -> None:
    """What began without a version goes over with its next task, in the middle of its run; and back again."""
    async with AsyncExitStack() as old:
        plain = await old.enter_async_context(worker(place, None))
        first, second = await bought(plain), await bought(plain)
        name = subscription_workflow_id(first)
        await plain.server.subscriptions.operate(first, "migrate", Migration(by="a test"))
        await plain.server.subscriptions.settled(first)
        assert await hand_overs(place.client, first) == 1
        assert await build_of(place.client, name) == ""
        run_id = await place.run_id(name)
        async with worker(place, "1.0") as versioned:
            await set_current(place.client, "1.0")
            assert versioned.server.versions is not None
            assert len([each async for each in versioned.server.versions.elsewhere("1.0", MOVED)]) >= 2
            await busy_until_on(place.client, versioned.server.subscriptions, first, "1.0")
            assert await place.run_id(name) == run_id
            moves = await migrate(versioned)
            assert (moves.moved, moves.stayed, moves.failed, moves.stopped) == (moves.found, 0, {}, None)
            await until_on(place.client, subscription_workflow_id(second), "1.0")
            await set_current(place.client, "")
            await busy_until_on(place.client, versioned.server.subscriptions, first, "")
    await replays(place, name, run_id)


async def test_a_pinned_override_holds_a_workflow_where_it_is(place: Place) -> None:
    async with worker(place, "1.0") as world, worker(place, "2.0"):
        await set_current(place.client, "1.0")
        subscription = await bought(world)
        name = subscription_workflow_id(subscription)
        override(place, name, "pinned", "1.0")
        await set_current(place.client, "2.0")
        for quantity in range(4, 10):
            await change(world, subscription, quantity)
        await asyncio.sleep(1)
        assert await hand_overs(place.client, subscription) <= 1
        assert (await migrate(world)).stayed >= 1
        await replays(place, name, await place.run_id(name))


async def test_a_run_that_begins_elsewhere_does_not_hand_over_again_and_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the server placed each new run on this version and wanted it on another: the run stays, and works."""
    monkeypatch.setattr(_WorkflowInstanceImpl, "workflow_is_target_worker_deployment_version_changed", lambda _: True)
    async with worker(place, "1.0") as world:
        await set_current(place.client, "1.0")
        subscription = await bought(world)
        for quantity in range(4, 9):
            await change(world, subscription, quantity)
        assert await hand_overs(place.client, subscription) == 0
        await world.server.subscriptions.operate(subscription, "migrate", Migration(by="a test"))
        await change(world, subscription, 9)
        assert await hand_overs(place.client, subscription) == 1


async def test_a_version_without_workers_stops_the_canary_and_is_left_by_an_override(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with AsyncExitStack() as old:
        world = await old.enter_async_context(worker(place, "1.0"))
        await set_current(place.client, "1.0")
        name = subscription_workflow_id(subscription := await bought(world))
    async with worker(place, "2.0") as newer:
        await set_current(place.client, "2.0")
        with monkeypatch.context() as impatient:
            impatient.setattr(options, "ANSWER_TIMEOUT", timedelta(seconds=3))
            moves = await migrate(newer)
        assert moves.moved == 0
        assert moves.stopped is not None
        assert "no worker answered in time" in moves.failed[name]
        override(place, name, "one_time", "2.0")
        await change(newer, subscription, 9)
        assert await build_of(place.client, name) == "2.0"
        assert (await newer.server.subscriptions.details(subscription)).quantity == 9


async def test_a_target_that_cannot_be_is_refused_and_moves_nothing(place: Place) -> None:
    """A build that new runs do not go to, and one that no worker has."""
    async with worker(place, "1.0") as world, worker(place, "2.0"):
        await set_current(place.client, "1.0")
        run_id = await place.run_id(name := subscription_workflow_id(await bought(world)))
        await set_ramping(place.client, "2.0", 0)
        with pytest.raises(Rejected, match=r"takes the build that new runs go to: the current one, 1\.0\. "):
            await moved(world.perennial, "2.0")
        current = "worker", "deployment", "set-current-version", "--deployment-name", DEPLOYMENT, "--build-id", "3.0"
        type_in(place, *current, "--allow-no-pollers", "--ignore-missing-task-queues", "--yes")
        with pytest.raises(Rejected, match=r"No worker of build 3\.0 asks for tasks"):
            await migrate(world)
        assert (await place.run_id(name), await build_of(place.client, name)) == (run_id, "1.0")


async def test_deliveries_and_price_changes_move_wherever_they_wait(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delivery that waits for an operator waits on, and tries nothing; a price change that cannot write goes over."""
    monkeypatch.setattr(options, "HAND_OVER_PATIENCE", timedelta(seconds=1))
    async with Endpoint() as endpoint, AsyncExitStack() as newer:
        settings = place.settings.model_copy(update={"deployment": DEPLOYMENT, "build_id": "1.0"})
        secrets = await listed_in(settings, publishers_at(endpoint.url, contoso={"terms": {"tries": 1}}))
        async with running_worker(place.client, settings, secrets) as world:
            await set_current(place.client, "1.0")
            version = (await imported(world.books.catalog, listed())).version
            ended = await bought_and_ended(world, endpoint)
            delivery, prices = delivery_workflow_id(ended), price_workflow_id(version)
            await until_halted(place, delivery)
            other = await connect_to(place.client.service_client.config.target_host)
            await newer.enter_async_context(
                running_worker(other, settings.model_copy(update={"build_id": "2.0"}), secrets)
            )
            heard = len(endpoint.heard(ended))
            with locked_books(settings):
                await world.server.prices.tell(version)
                await until_on(place.client, prices, "1.0")
                await set_current(place.client, "2.0")
                # A bulk operation would need the books.
                assert world.server.versions is not None
                for each in (delivery, prices):
                    run_id, _ = await world.server.versions.placed(each)
                    assert await world.server.versions.move(each, run_id, Operator(by="a test")) == "2.0"
                assert {await build_of(place.client, each) for each in (delivery, prices)} == {"2.0"}
        await until_halted(place, delivery)
        assert len(endpoint.heard(ended)) == heard
        endpoint.always.clear()
        await world.server.notifications.retry(ended, RetryNotification(by="operator"))
        await endpoint.until(ended, 2)
        assert await world.server.prices.settled(version) == PriceProgress()


async def bought_and_ended(world: World, endpoint: Endpoint) -> str:
    """A subscription that has ended before its publisher, who takes nothing, was notified."""
    wanted = order(listed().sold(now := datetime.now(UTC)), at=now)
    endpoint.always[wanted.subscription_id] = 500
    await world.server.subscriptions.buy(wanted)
    cancel = Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST)
    await world.server.subscriptions.ask(wanted.subscription_id, cancel)
    await world.server.subscriptions.handle(wanted.subscription_id).result()
    return wanted.subscription_id


async def until_halted(place: Place, delivery: str) -> None:
    """Wait until the delivery waits for an operator."""
    async with asyncio.timeout(60):
        while not (await place.client.get_workflow_handle(delivery).query("stream"))["halted"]:
            await asyncio.sleep(0.05)


async def test_publishers_are_notified_across_versions(place: Place, tmp_path: Path) -> None:
    """Their workers have no version: an event that one version has recorded may be sent while the next one runs."""
    async with Endpoint() as endpoint, AsyncExitStack() as stack:
        settings = place.settings.model_copy(update={"deployment": DEPLOYMENT, "build_id": "1.0"})
        secrets = await listed_in(settings, publishers_at(endpoint.url, contoso={}))
        world = await stack.enter_async_context(running_worker(place.client, settings, secrets))
        await set_current(place.client, "1.0")
        await imported(world.books.catalog, listed())
        life = await bought(world)
        newer = settings.model_copy(update={"build_id": "2.0"})
        other = await connect_to(place.client.service_client.config.target_host)
        await stack.enter_async_context(running_worker(other, newer, secrets))
        await change(world, life, 4)
        await set_current(place.client, "2.0")
        last = await busy_until_on(place.client, world.server.subscriptions, life, "2.0") - 10 + 3
        await endpoint.until(life, last)
        await world.server.subscriptions.ask(life, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
        await endpoint.until(life, last + 1)
        assert endpoint.taken(life) == list(range(1, last + 2))
        ended = place.client.get_workflow_handle(subscription_workflow_id(life))
        await ended.result(rpc_timeout=timedelta(seconds=60))
        seen = await ended.describe()
        assert seen.status is WorkflowExecutionStatus.COMPLETED
