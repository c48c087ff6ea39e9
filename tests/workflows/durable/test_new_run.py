"""On which version a new run begins: the target where the workers have versions, else as before."""

from types import SimpleNamespace
from typing import Any

import pytest
from temporalio import workflow
from temporalio.common import WorkerDeploymentVersion

from workflows.durable.new_run import continue_as_new

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
