"""When a run that could go on hands over to a new one."""

from temporalio import workflow

from workflows.durable.operator import Operator
from workflows.durable.versions import TargetVersion


class NewRun:
    """Part of every workflow that continues as new; to be made in `__init__`, and looked at whatever it waits for."""

    def __init__(self) -> None:
        self._by_operator = False
        self._target_version = TargetVersion()

    @property
    def urgent(self) -> bool:
        """Whether a new run has to go on from here, with whatever waits.

        The server suggests it before it refuses everything, an operator wants it, or the server wants the workflow on
        another version of the code.
        """
        return self._by_operator or self._target_version.changed or workflow.info().is_continue_as_new_suggested()

    def migrate(self, request: Operator) -> str:
        """Continue as new, on the code that the workers run now; effects that are waiting go along."""
        workflow.logger.info("migration wanted by %s: %s", request.by, request.note)
        self._by_operator = True
        return "Continues as new now; effects that are waiting go along."

    def check_migrate(self, request: Operator) -> None:
        """Never refuses: a workflow that runs can continue as new."""
