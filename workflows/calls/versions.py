"""What the server says of a Worker Deployment's versions and of the workflows on them; moves a workflow."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from temporalio.api.deployment.v1 import WorkerDeploymentInfo
from temporalio.api.enums.v1 import RoutingConfigUpdateState, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflow.v1 import WorkflowExecutionVersioningInfo
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeWorkerDeploymentRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workflows.calls.errors import AlreadyEnded, NotAnswered, NotFound
from workflows.calls.target import Target
from workflows.calls.waiting import FIRST_TASK_EVENTS, poll
from workflows.durable import options
from workflows.durable.operator import Operator

PAGE = 500


@dataclass(frozen=True)
class Routing:
    """Which builds the runs go to that begin now: `percentage` of them to the ramping one, the others to the current.

    None stands for workers without a version.
    """

    current: str | None
    ramping: str | None = None
    percentage: float = 0

    def leads_to(self, build: str) -> bool:
        """Whether some runs go to the build."""
        return build == self.current or (build == self.ramping and self.percentage > 0)


class Versions:
    """The versions of one deployment, and the workflows of one task queue on them. Raises RPCError."""

    def __init__(self, client: Client, task_queue: str, deployment: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self.deployment = deployment

    async def routing(self) -> Routing:
        """Where new runs go. A change takes a moment to reach all parts of the server: this waits for it a little.

        It may take far longer, such as right after a worker of a new build has come; what is moved meanwhile may stay.
        Raises NotFound where the deployment has no workers yet.
        """

        async def spread() -> bool | None:
            state = (await self._described()).routing_config_update_state
            return None if state == RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS else True

        with suppress(NotAnswered):
            await poll(spread, options.ROUTING_TIMEOUT, f"the routing of {self.deployment} is being changed")
        known = (await self._described()).routing_config
        return Routing(
            current=known.current_deployment_version.build_id or None,
            ramping=known.ramping_deployment_version.build_id or None,
            percentage=known.ramping_version_percentage,
        )

    async def has_worker(self, build: str) -> bool:
        """Whether a worker of the build has asked for workflow tasks in the last minutes."""
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=self._task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        seen = await self._client.workflow_service.describe_task_queue(request)
        ours = ((each.deployment_options.deployment_name, each.deployment_options.build_id) for each in seen.pollers)
        return (self.deployment, build) in ours

    async def elsewhere(self, build: str, workflow_types: Sequence[str]) -> AsyncIterator[tuple[str, str]]:
        """The running workflows of these types on another version than the build, or on none: id and run id of each.

        One that begins a new run meanwhile does not come again. The server's lists lag a little: one that has just
        moved may still come.
        """
        query = self._elsewhere(build, workflow_types)
        async for each in self._client.list_workflows(query, page_size=PAGE):
            yield each.id, each.run_id

    async def placed(self, workflow_id: str) -> tuple[str, str | None]:
        """The workflow's run, and the build of the deployment that runs it. Raises AlreadyEnded and NotFound."""
        try:
            seen = await self._client.get_workflow_handle(workflow_id).describe(rpc_timeout=options.ANSWER_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            raise NotFound(f"{workflow_id} does not exist.") from None
        if seen.close_time is not None:
            raise AlreadyEnded(f"{workflow_id} has ended.")
        version = seen.raw_description.workflow_execution_info.versioning_info.deployment_version
        return seen.run_id, version.build_id if version.deployment_name == self.deployment else None

    async def move(self, workflow_id: str, run_id: str, request: Operator) -> str | None:
        """Let the workflow begin a new run, and return the build that runs it, once the run's first task is done.

        `run_id` is the run before. Raises AlreadyEnded, or another CallError where no worker of the version before
        answers, or where the new run does not get on.
        """
        gone, ended = NotFound(f"{workflow_id} does not exist."), AlreadyEnded(f"{workflow_id} has ended.")
        await Target(self._client, workflow_id, workflow_id, gone, ended).update("migrate", request, str)

        async def look() -> WorkflowExecutionVersioningInfo | None:
            seen = await handle.describe(rpc_timeout=options.ANSWER_TIMEOUT)
            if seen.close_time is not None:
                raise ended
            begun = seen.run_id != run_id and seen.history_length > FIRST_TASK_EVENTS
            # Before that, the server still names the version of the run before.
            done = begun and seen.raw_description.pending_workflow_task.attempt <= 1
            return seen.raw_description.workflow_execution_info.versioning_info if done else None

        handle = self._client.get_workflow_handle(workflow_id)
        message = f"{workflow_id}: no worker has done the first task of its new run in time."
        placed = await poll(look, options.ANSWER_TIMEOUT, message)
        version = placed.deployment_version
        return version.build_id if version.deployment_name == self.deployment else None

    async def _described(self) -> WorkerDeploymentInfo:
        request = DescribeWorkerDeploymentRequest(namespace=self._client.namespace, deployment_name=self.deployment)
        try:
            seen = await self._client.workflow_service.describe_worker_deployment(request)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            words = f"The server knows no deployment {self.deployment}: start a worker with PERENNIAL_DEPLOYMENT."
            raise NotFound(words) from None
        return seen.worker_deployment_info

    def _elsewhere(self, build: str, workflow_types: Sequence[str]) -> str:
        types = ", ".join(f"'{each}'" for each in workflow_types)
        version = f"{self.deployment}:{build}"
        return (
            f"WorkflowType IN ({types}) AND ExecutionStatus = 'Running' AND TaskQueue = '{self._task_queue}' AND "
            f"(TemporalWorkerDeploymentVersion != '{version}' OR TemporalWorkerDeploymentVersion IS NULL)"
        )
