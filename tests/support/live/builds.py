"""Two builds of the workers in one deployment: the code as it is, and a copy of it with a change that can be seen."""

import asyncio
import itertools
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path

from temporalio.api.workflowservice.v1 import (
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.subscription.commands import ChangeQuantity
from hosting.build import PACKAGES
from statemachines.state_schema import SUBSCRIPTION
from tests.support.live.worker_process import MortalWorker
from tests.support.paths import ROOT
from workflows.calls.errors import NotAnswered
from workflows.calls.waiting import poll
from workflows.durable import options
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.subscription.client import Subscriptions

DEPLOYMENT = "perennial"
OURS = "Continues as new now"
"""How `migrate` answers."""
THEIRS = "Goes on in a new run"
"""How it answers in the copy."""


def build_in(checkout: Path) -> str:
    """The build of that code, as its own worker says it."""
    words = [sys.executable, "-c", "from hosting.build import package_build; print(package_build())"]
    return subprocess.run(words, cwd=checkout, capture_output=True, text=True, check=True).stdout.strip()


def changed_copy(folder: Path) -> Path:
    """A checkout whose workflows answer `migrate` in other words."""
    return _copy(folder, "workflows/durable/new_run.py", f'"{OURS}', f'"{THEIRS}')


def broken_copy(folder: Path) -> Path:
    """A checkout whose subscriptions fail at each task after their purchase."""
    first = "        while not self._life.ended:\n"
    failing = (
        f'{first}            if self._life.subscription.seq > 1:\n                raise RuntimeError("bad code")\n'
    )
    return _copy(folder, "workflows/subscription/workflow.py", first, failing)


def _copy(folder: Path, file: str, old: str, new: str) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for each in ("worker.py", "starter.py", "pyproject.toml"):
        shutil.copy(ROOT / each, folder / each)
    code = (folder / file).read_text()
    assert code.count(old) == 1
    (folder / file).write_text(code.replace(old, new))
    return folder


def with_newer_state(checkout: Path) -> Path:
    """The copy, whose subscriptions hand on a state of a newer schema version."""
    schemas = checkout / "statemachines" / "state_schema.py"
    steps = f"{{**SUBSCRIPTION.upcasters, {SUBSCRIPTION.version}: dict}}"
    schemas.write_text(f"{schemas.read_text()}\nSUBSCRIPTION = StateSchema({steps})\n")
    return checkout


@contextmanager
def worker_process(
    address: str, directory: Path, task_queue: str, checkout: Path = ROOT, deployment: str = DEPLOYMENT
) -> Iterator[MortalWorker]:
    """A worker of the checkout's build; without a version where the deployment is empty."""
    worker = MortalWorker(
        address, directory, task_queue, checkout=checkout, PERENNIAL_DEPLOYMENT=deployment, PERENNIAL_BUILD_ID=""
    )
    try:
        yield worker
    finally:
        worker.stop()


async def set_current(client: Client, build: str) -> None:
    """Route everything to the build, once its worker is there; the empty one stands for workers without a version."""

    async def set_it() -> bool | None:
        request = SetWorkerDeploymentCurrentVersionRequest(
            namespace=client.namespace, deployment_name=DEPLOYMENT, build_id=build, identity="a test"
        )
        return await _known(client.workflow_service.set_worker_deployment_current_version(request))

    await poll(set_it, options.ANSWER_TIMEOUT, f"{build} never came")


async def set_ramping(client: Client, build: str, percentage: float) -> None:
    """Route a part to the build, once its worker is there."""

    async def set_it() -> bool | None:
        request = SetWorkerDeploymentRampingVersionRequest(
            namespace=client.namespace,
            deployment_name=DEPLOYMENT,
            build_id=build,
            percentage=percentage,
            identity="a test",
        )
        return await _known(client.workflow_service.set_worker_deployment_ramping_version(request))

    await poll(set_it, options.ANSWER_TIMEOUT, f"{build} never came")


async def _known(request: Awaitable[object]) -> bool | None:
    """Whether the server knows the version already."""
    try:
        await request
    except RPCError as error:
        if error.status not in {RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION}:
            raise
        return None
    return True


async def build_of(client: Client, workflow_id: str) -> str:
    """The build that runs the workflow; empty without a version, or before its first task is done."""
    seen = await client.get_workflow_handle(workflow_id).describe()
    return str(seen.raw_description.workflow_execution_info.versioning_info.deployment_version.build_id)


async def busy_until_on(client: Client, subscriptions: Subscriptions, subscription_id: str, build: str) -> int:
    """Change the quantity until the build runs the subscription; the last quantity.

    Until a change of the routing has spread, a task does not know of it.
    """
    async with asyncio.timeout(90):
        for quantity in itertools.count(10):
            await subscriptions.ask(subscription_id, ChangeQuantity(by="admin_agent", quantity=quantity))
            await asyncio.sleep(0.5)
            if await build_of(client, subscription_workflow_id(subscription_id)) == build:
                return quantity
    raise AssertionError("unreachable")


async def until_on(client: Client, workflow_id: str, build: str) -> None:
    """Wait until the build runs it."""

    async def look() -> bool | None:
        return True if await build_of(client, workflow_id) == build else None

    try:
        await poll(look, options.ANSWER_TIMEOUT, "never")
    except NotAnswered:
        raise AssertionError(f"{workflow_id} is on {await build_of(client, workflow_id)!r}") from None
