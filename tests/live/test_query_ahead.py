"""A query that waited for a dead worker: what it sees, the next task of the workflow does not have to undo."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio import activity, workflow
from temporalio.api.command.v1 import Command, ScheduleActivityTaskCommandAttributes
from temporalio.api.common.v1 import ActivityType
from temporalio.api.enums.v1 import CommandType, TaskQueueKind
from temporalio.api.taskqueue.v1 import StickyExecutionAttributes, TaskQueue
from temporalio.api.workflowservice.v1 import (
    PollWorkflowTaskQueueRequest,
    PollWorkflowTaskQueueResponse,
    RespondWorkflowTaskCompletedRequest,
)
from temporalio.client import Client
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

from hosting.assembly import running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from tests.support.live.purchases import settings_in
from workflows.guard.runner import InStepRunner

pytestmark = pytest.mark.live

QUEUE, STEPS = "query-ahead", "query-ahead-steps"
TASK_SECONDS, STICKY_SECONDS = 4, 2
POLL_SECONDS = 0.5
"""Until the server knows of a poll, or has given a query to one."""


@workflow.defn
class TwoThings:
    """After its activity it waits on a timer, whose command no update may come before or behind by chance."""

    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity("step", task_queue=STEPS, start_to_close_timeout=timedelta(minutes=1))
        await workflow.wait_condition(lambda: False, timeout=timedelta(days=30))

    @workflow.update
    async def poke(self) -> None:
        """Something to be accepted."""

    @workflow.query
    def ask(self) -> str:
        return "answered"


@activity.defn
async def step() -> None:
    """Anything that takes until another task."""


@asynccontextmanager
async def worker(client: Client) -> AsyncIterator[None]:
    runner = InStepRunner()
    running = Worker(client, task_queue=QUEUE, workflows=[TwoThings], workflow_runner=runner)
    runner.drop_by(running)
    async with running:
        yield


class DeadWorker:
    """Takes tasks as a worker does that keeps the workflow in memory, and dies with the second."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._own = TaskQueue(name=str(uuid4()), kind=TaskQueueKind.TASK_QUEUE_KIND_STICKY, normal_name=QUEUE)

    async def first_task(self) -> None:
        """Schedule the activity, and ask for what follows."""
        task = await self._take(TaskQueue(name=QUEUE))
        wanted = ScheduleActivityTaskCommandAttributes(
            activity_id="1",
            activity_type=ActivityType(name="step"),
            task_queue=TaskQueue(name=STEPS),
            start_to_close_timeout=duration(60),
            schedule_to_close_timeout=duration(60),
        )
        await self._client.workflow_service.respond_workflow_task_completed(
            RespondWorkflowTaskCompletedRequest(
                namespace=self._client.namespace,
                task_token=task.task_token,
                commands=[
                    Command(
                        command_type=CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
                        schedule_activity_task_command_attributes=wanted,
                    )
                ],
                sticky_attributes=StickyExecutionAttributes(
                    worker_task_queue=self._own, schedule_to_start_timeout=duration(STICKY_SECONDS)
                ),
            )
        )

    async def dies(self) -> None:
        """Take whatever comes until a task of the workflow, and answer nothing."""
        while not (await self._take(self._own)).started_event_id:
            pass

    async def _take(self, queue: TaskQueue) -> PollWorkflowTaskQueueResponse:
        wanted = PollWorkflowTaskQueueRequest(namespace=self._client.namespace, task_queue=queue)
        return await self._client.workflow_service.poll_workflow_task_queue(wanted)


async def test_a_query_that_waited_leaves_nothing_that_no_replay_makes(server: EmbeddedServer) -> None:
    client = await Client.connect(server.address)
    dead = DeadWorker(client)
    handle = await client.start_workflow(
        TwoThings.run, id=str(uuid4()), task_queue=QUEUE, task_timeout=timedelta(seconds=TASK_SECONDS)
    )
    await dead.first_task()
    dying = asyncio.ensure_future(dead.dies())
    await asyncio.sleep(POLL_SECONDS)
    asked = asyncio.ensure_future(handle.query(TwoThings.ask, rpc_timeout=timedelta(minutes=1)))
    await asyncio.sleep(POLL_SECONDS)
    async with Worker(client, task_queue=STEPS, activities=[step]):
        await dying
    async with worker(client):
        assert await asked == "answered"
        await handle.execute_update(TwoThings.poke)
    replayer = Replayer(workflows=[TwoThings], workflow_runner=UnsandboxedWorkflowRunner())
    await replayer.replay_workflow(await handle.fetch_history())
    await handle.terminate()


async def test_our_workers_drop_what_is_ahead(server: EmbeddedServer, tmp_path: Path) -> None:
    client = await connect_to(server.address)
    with patch.object(InStepRunner, "drop_by") as drop_by:
        async with running_worker(client, settings_in(tmp_path, "in-step")):
            drop_by.assert_called_once()


def duration(seconds: int) -> Duration:
    return Duration(seconds=seconds)
