"""Whether any worker asks for a workflow's tasks, by what the server knows of its task queue."""

from datetime import UTC, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from activities.wall_clock import wall_clock
from domain.next_step import Do, NextStep
from workflows.calls.errors import NotAnswered

LONGEST_POLL = timedelta(seconds=90)
"""A worker asks again after a minute at the latest; the server lists it for some minutes more."""
LOOK_TIMEOUT = timedelta(seconds=5)


async def unpolled(client: Client, workflow_id: str, name: str) -> NotAnswered | None:
    """The error where no worker polls the workflow's task queue: it names the queue, the namespace and the server."""
    queue = await unpolled_queue(client, workflow_id)
    if queue is None:
        return None
    where = f"namespace {client.namespace!r} at {client.service_client.config.target_host}"
    return NotAnswered(f"{name}: no worker polls its task queue {queue!r} in {where}.", NextStep(Do.START_WORKER))


async def unpolled_queue(client: Client, workflow_id: str) -> str | None:
    """The workflow's task queue, if no worker polls it; None if one does, or if the server does not say."""
    try:
        described = await client.get_workflow_handle(workflow_id).describe(rpc_timeout=LOOK_TIMEOUT)
        request = DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=described.task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        seen = await client.workflow_service.describe_task_queue(request, timeout=LOOK_TIMEOUT)
    except RPCError:
        return None
    latest = wall_clock() - LONGEST_POLL
    polled = any(poller.last_access_time.ToDatetime(tzinfo=UTC) > latest for poller in seen.pollers)
    return None if polled else described.task_queue
