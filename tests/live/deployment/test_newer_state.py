"""A worker that gets a newer state than it knows refuses the task, not the workflow, and a newer worker goes on."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import WorkflowExecutionStatus

from domain.subscription.commands import ChangeQuantity, SetAutoRenew
from domain.subscription.decision import Answer
from hosting.assembly import running_worker
from hosting.opening import opened
from perennial.use_cases import Perennial
from statemachines.audit.findings import Kind
from statemachines.state_schema import SUBSCRIPTION
from tests.support.live.builds import (
    DEPLOYMENT,
    build_in,
    changed_copy,
    set_current,
    until_on,
    with_newer_state,
    worker_process,
)
from tests.support.live.purchases import order
from tests.support.live.repairs import Place
from tests.support.shop.moves import moved
from workflows.calls.errors import NotAnswered
from workflows.durable import options
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.subscription.messages import Migration

pytestmark = [pytest.mark.live, pytest.mark.timeout(420)]
REFUSED = (
    f"The state has schema version {SUBSCRIPTION.version + 1}, and this worker reads up to version "
    f"{SUBSCRIPTION.version}. Start workers of the newer build: they go on from here."
)


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The checkout of the newer build."""
    return with_newer_state(changed_copy(tmp_path / "newer"))


def address_of(place: Place) -> str:
    return place.client.service_client.config.target_host


@pytest.fixture(autouse=True)
def _short_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker answers the first failure of a task only; the next ones end with the task's time."""
    monkeypatch.setattr(options, "TASK_TIMEOUT", timedelta(seconds=1))


async def bought(perennial: Perennial) -> str:
    subscriptions = (await perennial.sources.server()).subscriptions
    wanted = order(at=datetime.now(UTC))
    await subscriptions.buy(wanted)
    await subscriptions.settled(wanted.subscription_id)
    return wanted.subscription_id


async def quantity(perennial: Perennial, subscription_id: str, number: int) -> Answer:
    """Ask for it until it is answered: a task that has failed waits before it is tried again."""
    subscriptions = (await perennial.sources.server()).subscriptions
    command = ChangeQuantity(by="admin_agent", quantity=number, command_id=f"to-{number}")
    async with asyncio.timeout(240):
        while True:
            try:
                return await subscriptions.ask(subscription_id, command)
            except NotAnswered:
                await asyncio.sleep(1)


async def refusal(place: Place, subscription_id: str) -> str:
    """Wait until the subscription's task fails; why, as an operator reads it."""
    async with asyncio.timeout(60):
        while True:
            for finding in (await place.reconcile(subscription_id)).findings:
                if finding.kind is Kind.STUCK:
                    return finding.cause
            await asyncio.sleep(0.2)


async def test_an_older_worker_refuses_a_newer_state_and_a_newer_worker_goes_on(place: Place, newer: Path) -> None:
    """Without versions: a task comes to whichever worker is there."""
    worker = address_of(place), place.settings.data_dir, place.settings.task_queue, newer, ""
    async with opened(place.settings, address_of(place)) as perennial:
        with worker_process(*worker):
            subscription = await bought(perennial)
            subscriptions = (await perennial.sources.server()).subscriptions
            await subscriptions.operate(subscription, "migrate", Migration(by="a test"))
            await quantity(perennial, subscription, 4)
        handle = place.client.get_workflow_handle(subscription_workflow_id(subscription))
        async with running_worker(place.client, place.settings):
            await handle.signal("auto_renew_requested", SetAutoRenew(by="admin_agent", enabled=False))
            assert REFUSED in await refusal(place, subscription)
            assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
        with worker_process(*worker):
            await quantity(perennial, subscription, 5)
            done = [event.event.value for event in await perennial.subscriptions.events(subscription)]
            assert done == ["purchased", "quantity_changed", "auto_renew_changed", "quantity_changed"]


async def test_a_rollback_behind_a_change_of_the_state_stops_at_the_canary(
    place: Place, newer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was moved stands, and goes on once its build is current again."""
    older = place.settings.model_copy(update={"deployment": DEPLOYMENT, "build_id": "older"})
    async with opened(older, address_of(place)) as perennial, running_worker(place.client, older):
        with worker_process(address_of(place), older.data_dir, older.task_queue, newer):
            await set_current(place.client, theirs := build_in(newer))
            ids = [await bought(perennial) for _ in range(2)]
            subscriptions = (await perennial.sources.server()).subscriptions
            for each in ids:
                await subscriptions.operate(each, "migrate", Migration(by="a test"))
                await subscriptions.settled(each)
            await set_current(place.client, "older")
            with monkeypatch.context() as impatient:
                impatient.setattr(options, "ANSWER_TIMEOUT", timedelta(seconds=2))
                moves = await moved(perennial)
            assert moves.stopped is not None
            assert set(moves.failed) == {subscription_workflow_id(each) for each in ids}
            assert {REFUSED in await refusal(place, each) for each in ids} == {True}
            await set_current(place.client, theirs)
            for each in ids:
                await quantity(perennial, each, 7)
                await until_on(place.client, subscription_workflow_id(each), theirs)
