"""Which servers take test clocks: those that can skip time, in namespaces that are marked for tests."""

from temporalio.api.common.v1 import TimeSkippingConfig, WorkflowExecution
from temporalio.api.workflow.v1 import WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateWorkflowExecutionOptionsRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.errors import ClocksRefused
from domain.next_step import Do, NextStep

MARK, MARKED = "perennial.test_clocks", "allowed"
"""The entry in the namespace's data that marks it for tests."""
REFUSALS = {RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.PERMISSION_DENIED}
NOWHERE = "perennial-test-clocks"
"""The id of a workflow that there is not."""


async def can_skip_time(client: Client) -> bool:
    """Whether the server can skip time in the client's namespace. Raises RPCError."""
    request = UpdateWorkflowExecutionOptionsRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=NOWHERE),
        workflow_execution_options=WorkflowExecutionOptions(time_skipping_config=TimeSkippingConfig()),
    )
    request.update_mask.paths.append("time_skipping_config")
    try:
        await client.workflow_service.update_workflow_execution_options(request)
    except RPCError as error:
        # It says first whether it can, and then that the workflow does not exist.
        if error.status in REFUSALS:
            return False
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    return True


async def is_for_tests(client: Client) -> bool:
    """Whether the client's namespace is marked for tests. Raises RPCError."""
    found = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    return found.namespace_info.data.get(MARK) == MARKED


class ClockPermit:
    """The test clocks of a client's server; what it has allowed once is not asked again."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._allowed = False

    async def require(self) -> None:
        """Raise ClocksRefused where the server or the namespace takes none, and RPCError."""
        if self._allowed:
            return
        if not await can_skip_time(self._client):
            words = f"The Temporal server at {self._client.service_client.config.target_host} cannot skip time"
            raise ClocksRefused(
                f"{words}, so it takes no test clocks: they would stand still.",
                NextStep(Do.START_WORKER, words="Use the server that a worker runs itself"),
            )
        if not await is_for_tests(self._client):
            raise ClocksRefused(
                f"Namespace {self._client.namespace!r} is not marked for tests, so it takes no test clocks.",
                NextStep(Do.SET_UP_FOR_TESTS),
            )
        self._allowed = True
