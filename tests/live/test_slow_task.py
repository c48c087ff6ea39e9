"""A task that takes longer than the SDK allows, as on a busy machine: it is tried again, and the workflow goes on."""

import asyncio
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from hosting.embedded.server import EmbeddedServer
from workflows.guard.runner import InStepRunner

pytestmark = pytest.mark.live

QUEUE = "slow-task"
ALLOWED, LEFT = 2.5, 2.0
"""Seconds: more than the SDK allows for a task, and what is left of it once the SDK has interrupted it."""

_stalled: list[str] = []


def stall_once() -> None:
    """The interruption is lost, as in a finalizer, where Python ignores every error."""
    if _stalled:
        return
    _stalled.append("once")
    try:
        _work(ALLOWED)
    except BaseException:  # noqa: BLE001
        _stalled.append("interrupted")
    _work(LEFT)


def _work(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.01)


@workflow.defn
class Slow:
    """It has a second task running when the first one stalls."""

    @workflow.run
    async def run(self) -> str:
        """Stall, and end a second later."""
        beside = asyncio.create_task(workflow.wait_condition(lambda: False))
        await asyncio.sleep(0)
        stall_once()
        await asyncio.sleep(1)
        beside.cancel()
        return "done"


async def test_a_workflow_goes_on_after_a_task_that_was_too_slow(server: EmbeddedServer) -> None:
    """Fails without the lock in `InStep`: the eviction meets the task in its thread, and is tried for ever."""
    _stalled.clear()
    client = await Client.connect(server.address)
    runner = InStepRunner()
    async with Worker(client, task_queue=QUEUE, workflows=[Slow], workflow_runner=runner):
        handle = await client.start_workflow(Slow.run, id=str(uuid4()), task_queue=QUEUE)
        assert await handle.result(rpc_timeout=timedelta(seconds=40)) == "done"
    assert _stalled == ["once", "interrupted"]
