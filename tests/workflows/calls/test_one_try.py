"""What one try of a query says of a run that has ended."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.api.query.v1 import QueryRejected
from temporalio.api.workflowservice.v1 import QueryWorkflowResponse
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import QueryRejectCondition
from temporalio.converter import DataConverter

from workflows.calls.errors import Rejected
from workflows.calls.one_try import ENDED_BADLY, HANDED_OVER, query_once


def server_that_rejects(status: WorkflowExecutionStatus) -> Client:
    """A client of a server that chose a run which has ended like that."""

    async def query_workflow(*_: Any, **__: Any) -> QueryWorkflowResponse:
        return QueryWorkflowResponse(query_rejected=QueryRejected(status=int(status)))  # type: ignore[arg-type]

    service = SimpleNamespace(query_workflow=query_workflow)
    return cast(
        Client, SimpleNamespace(namespace="default", workflow_service=service, data_converter=DataConverter.default)
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (WorkflowExecutionStatus.CONTINUED_AS_NEW, HANDED_OVER),
        (WorkflowExecutionStatus.TERMINATED, ENDED_BADLY),
        (WorkflowExecutionStatus.FAILED, ENDED_BADLY),
    ],
)
async def test_a_run_that_handed_over_has_not_ended_the_workflow(status: WorkflowExecutionStatus, kind: str) -> None:
    condition = QueryRejectCondition.NOT_COMPLETED_CLEANLY
    with pytest.raises(Rejected) as caught:
        await query_once(server_that_rejects(status), "subscription:s-1", "life", (), str, timedelta(1), condition)
    assert caught.value.kind == kind
