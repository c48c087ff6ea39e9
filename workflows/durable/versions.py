"""The version of the code that a run is on, where the workers have versions."""

from typing import Any

from temporalio import workflow


class TargetVersion:
    """The version on which the server wants the workflow; made in the run's first task.

    A workflow changes its version with a new run only.
    """

    def __init__(self) -> None:
        # The server has just begun the run there, as while a change of the routing spreads. It stays there until it
        # ends for another reason: the next run might begin there again, and again.
        self._placed_elsewhere = _target_changed()

    @property
    def changed(self) -> bool:
        """Whether a new run would be on another version; as the run's last task knows it. False without versions."""
        return not self._placed_elsewhere and _target_changed()


def _target_changed() -> bool:
    return workflow.info().is_target_worker_deployment_version_changed()


def continue_as_new(carried: Any) -> None:
    """End this run and begin the next one with what is carried, on the target version if the workers have versions.

    It never returns: it raises the SDK's ContinueAsNewError.
    """
    version = workflow.info().get_current_deployment_version()
    if version is not None and version.deployment_name:
        # Without it the next run would be pinned to the version of this one.
        workflow.continue_as_new(
            carried, initial_versioning_behavior=workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE
        )
    workflow.continue_as_new(carried)
