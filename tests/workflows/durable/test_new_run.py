"""On which version a new run begins: the target where the workers have versions, else as before."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.common import WorkerDeploymentVersion
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from workflows.account.workflow import BillingAccountWorkflow
from workflows.durable.new_run import continue_as_new
from workflows.guard.converter import DATA_CONVERTER
from workflows.guard.interceptor import GuardInterceptor

UPGRADED = {"initial_versioning_behavior": workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE}


class Ended(Exception):
    """The run has ended."""


@pytest.mark.parametrize(
    ("version", "how"),
    [
        (WorkerDeploymentVersion("perennial", "1.0"), UPGRADED),
        (WorkerDeploymentVersion("", "a-digest-of-the-sdk's"), {}),
        (None, {}),
    ],
    ids=["with a version", "without a deployment", "recorded without either"],
)
def test_the_next_run(monkeypatch: pytest.MonkeyPatch, version: WorkerDeploymentVersion | None, how: Any) -> None:
    given: list[Any] = []

    def end(carried: str, **options: Any) -> None:
        given.append((carried, options))
        raise Ended

    monkeypatch.setattr(workflow, "continue_as_new", end)
    monkeypatch.setattr(workflow, "info", lambda: SimpleNamespace(get_current_deployment_version=lambda: version))
    with pytest.raises(Ended):
        continue_as_new("the state")
    assert given == [("the state", how)]


async def test_a_task_that_was_tried_again_is_replayed_as_it_was_done() -> None:
    """The server writes that the target has changed into tasks that it has not told it, when they are tried again.

    Recorded by `make chaos`: the task that began with event 33 is the second try of its task.
    """
    text = (Path(__file__).parent / "retried_task.json").read_text()
    history = WorkflowHistory.from_json("billing-account:customer-12-d7429464", text)
    replayer = Replayer(
        workflows=[BillingAccountWorkflow],
        data_converter=DATA_CONVERTER,
        interceptors=[GuardInterceptor()],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    await replayer.replay_workflow(history)
