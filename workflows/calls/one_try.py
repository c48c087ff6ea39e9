"""Sends a query or an update to a workflow, once. The SDK's own retries wait for a second and more."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.api.common.v1 import Header, Payload, Payloads, WorkflowExecution
from temporalio.api.enums.v1 import UpdateWorkflowExecutionLifecycleStage as Stage
from temporalio.api.query.v1 import WorkflowQuery
from temporalio.api.update.v1 import Input, Meta, Request, WaitPolicy
from temporalio.api.workflowservice.v1 import QueryWorkflowRequest, UpdateWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryRejectedError
from temporalio.common import QueryRejectCondition
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from workflows.calls.errors import Rejected
from workflows.calls.headers import sending

T = TypeVar("T")
ENDED_BADLY = "EndedBadly"
"""The kind of the rejection of a query whose workflow has ended in a way that the reject condition names."""
HANDED_OVER = "HandedOver"
"""The kind of the rejection of a query whose run has continued as new: the next run answers it."""


async def query_once(
    client: Client,
    workflow_id: str,
    query: str,
    args: Sequence[object],
    result: type[T],
    timeout: timedelta,
    reject: QueryRejectCondition | None = None,
) -> T:
    """The query's result. Raises Rejected where the workflow refuses it, and RPCError.

    The server may have chosen a run that has handed over to the next one meanwhile: then it is `HANDED_OVER`.
    """
    request = QueryWorkflowRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=workflow_id),
        query=WorkflowQuery(query_type=query, query_args=await _encoded(client, args)),
    )
    if reject is not None:
        request.query_reject_condition = int(reject)  # type: ignore[assignment]
    try:
        response = await client.workflow_service.query_workflow(request, retry=False, timeout=timeout)
    except RPCError as error:
        if error.status is RPCStatusCode.INVALID_ARGUMENT:
            raise Rejected(error.message) from None
        raise
    if response.HasField("query_rejected"):
        status = WorkflowExecutionStatus(response.query_rejected.status)
        kind = HANDED_OVER if status is WorkflowExecutionStatus.CONTINUED_AS_NEW else ENDED_BADLY
        raise Rejected(str(WorkflowQueryRejectedError(status)), kind)
    return await _decoded(client, response.query_result.payloads, result)


async def update_once(
    client: Client, workflow_id: str, update: str, update_id: str, request: object, result: type[T], timeout: timedelta
) -> T:
    """The update's result. Raises Rejected where the workflow refuses it, and RPCError, also while it is not known."""
    with sending(client, update, workflow_id) as headers:
        return await _answered(client, workflow_id, update, update_id, request, result, timeout, headers)


async def _answered(
    client: Client,
    workflow_id: str,
    update: str,
    update_id: str,
    request: object,
    result: type[T],
    timeout: timedelta,
    headers: Mapping[str, Payload],
) -> T:
    sent = UpdateWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=workflow_id),
        request=Request(
            meta=Meta(update_id=update_id, identity=client.identity),
            input=Input(header=Header(fields=headers), name=update, args=await _encoded(client, (request,))),
        ),
        wait_policy=WaitPolicy(lifecycle_stage=Stage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED),
    )
    response = await client.workflow_service.update_workflow_execution(sent, retry=False, timeout=timeout)
    if not response.HasField("outcome"):
        # The server waits for twenty seconds, then answers without an outcome.
        raise RPCError("the update is not answered yet", RPCStatusCode.DEADLINE_EXCEEDED, b"")
    if response.outcome.HasField("failure"):
        error = await client.data_converter.decode_failure(response.outcome.failure)
        if isinstance(error, ApplicationError):
            raise Rejected(error.message, error.type, retry_after=error.next_retry_delay)
        raise Rejected(str(error))
    return await _decoded(client, response.outcome.success.payloads, result)


async def _encoded(client: Client, args: Sequence[object]) -> Payloads:
    return Payloads(payloads=await client.data_converter.encode(args))


async def _decoded(client: Client, payloads: Sequence[Payload], result: type[T]) -> T:
    decoded: list[Any] = await client.data_converter.decode(payloads, [result])
    value: T = decoded[0]
    return value
