"""What the Temporal server says for a worker's gauges and readiness: a few requests, however many workflows it has."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeTaskQueueResponse
from temporalio.client import Client

from workflows.durable.search_attributes import ATTENTION

LISTED = 1000
"""Of how many workflows that need attention the cause is looked at. Of more, the rest is counted as `other`."""
POLLED_WITHIN = timedelta(minutes=3)
"""How old the last request for tasks may be: each waits for a minute at most."""
OTHER, NOTIFICATION, CLOCK, TASK = "other", "notification", "clock", "workflow_task"
KINDS = {
    "workflow": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    "activity": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}
EFFECTS = frozenset(
    {
        *("record", "keep", "count_usage", "grant", "revoke", "purge", "restore", "first_answer"),
        *("open_account", "close_month", "look_at_uninvoiced", "record_account", "recorded_payment"),
        "recall_for_correction",
        *("hold_for_nonpayment", "lift_nonpayment", "hand_over_notifications"),
    }
)
"""The activities by which effects are performed, and what they need to know; a test compares them with the worker's."""
_NEEDS = f"{ATTENTION.name} IS NOT NULL AND ExecutionStatus = 'Running'"
_FAILS = "TemporalReportedProblems IS NOT NULL AND ExecutionStatus = 'Running'"
_EFFECT = re.compile(r"([a-z_]+): ")


@dataclass(frozen=True)
class ServerFigures:
    """Workflows that wait for an operator by cause, and tasks that wait for a worker by kind, with the oldest's age."""

    attention: dict[str, float]
    backlog: dict[str, float]
    backlog_age: dict[str, float]


async def figures(client: Client, task_queue: str) -> ServerFigures:
    """As of now. Raises RPCError."""
    described = {kind: await _described(client, task_queue, number) for kind, number in KINDS.items()}
    stats = {kind: each.stats for kind, each in described.items()}
    return ServerFigures(
        attention=await _attention(client),
        backlog={kind: each.approximate_backlog_count for kind, each in stats.items()},
        backlog_age={kind: each.approximate_backlog_age.ToTimedelta().total_seconds() for kind, each in stats.items()},
    )


async def polls(client: Client, task_queue: str) -> bool:
    """Whether the server knows this client's worker as one that asks for workflow tasks. Raises RPCError."""
    described = await _described(client, task_queue, KINDS["workflow"])
    earliest = datetime.now(UTC) - POLLED_WITHIN
    return any(
        poller.identity == client.identity and poller.last_access_time.ToDatetime(UTC) > earliest
        for poller in described.pollers
    )


def cause_of(attention: str) -> str:
    """Why a workflow waits, in one of few words: the activity of the effect that failed, or what else it is."""
    if found := _EFFECT.match(attention):
        return found[1] if found[1] in EFFECTS else OTHER
    return CLOCK if attention.startswith("Nothing is decided") else NOTIFICATION


async def _attention(client: Client) -> dict[str, float]:
    found: dict[str, float] = dict.fromkeys((*EFFECTS, NOTIFICATION, CLOCK, OTHER), 0)
    found[TASK] = (await client.count_workflows(_FAILS)).count
    count = (await client.count_workflows(_NEEDS)).count
    if count:
        async for each in client.list_workflows(_NEEDS, limit=LISTED, page_size=LISTED):
            found[cause_of(each.typed_search_attributes.get(ATTENTION) or "")] += 1
            count -= 1
        found[OTHER] += max(count, 0)
    return found


async def _described(client: Client, task_queue: str, kind: TaskQueueType.ValueType) -> DescribeTaskQueueResponse:
    return await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=kind,
            report_stats=True,
        )
    )
