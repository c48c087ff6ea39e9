"""What a replay asks of the server, beside what its history holds.

A replay compares commands with events only as far as the history goes on: a new activity just before a last
wait replays green, and would run on every waiting subscription when it is deployed. So the tests compare all
commands themselves.
"""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHistory
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner

COMMANDS = {
    "schedule_activity": EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    "start_timer": EventType.EVENT_TYPE_TIMER_STARTED,
    "cancel_timer": EventType.EVENT_TYPE_TIMER_CANCELED,
    "upsert_workflow_search_attributes": EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
    "continue_as_new_workflow_execution": EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
    "complete_workflow_execution": EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
    "fail_workflow_execution": EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
}
"""The commands that a workflow of ours may give, and the event that each leaves."""

LAST = {name for name in COMMANDS if name.endswith("_workflow_execution")}
"""Whatever is given beside one of these in the same task goes to the server before it."""

EVENTS = {event: command for command, event in COMMANDS.items()}


class Recorder(WorkflowRunner):
    """Runs workflows and notes every command that they give."""

    def __init__(self) -> None:
        self._inner = UnsandboxedWorkflowRunner()
        self.given: list[str] = []

    def prepare_workflow(self, defn: workflow._Definition) -> None:
        """Nothing to prepare."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """An instance whose completions are read."""
        instance = self._inner.create_instance(det)
        activate = instance.activate

        def read(act: WorkflowActivation) -> WorkflowActivationCompletion:
            completion = activate(act)
            kinds = (str(command.WhichOneof("variant")) for command in completion.successful.commands)
            self.given += sorted((kind for kind in kinds if kind in COMMANDS), key=LAST.__contains__)
            return completion

        instance.activate = read  # type: ignore[method-assign]
        return instance

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        """No exception type fails a workflow of ours."""


def held_by(history: WorkflowHistory) -> list[str]:
    """The commands that the history's events came from."""
    return [EVENTS[event.event_type] for event in history.events if event.event_type in EVENTS]
