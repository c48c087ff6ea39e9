"""Keeps a workflow from running on events that no task of its own has taken yet, and notes that it was reset."""

from collections.abc import Callable

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from workflows.calls.errors import AHEAD_OF_ITS_TASK
from workflows.durable.memory import FENCES, RESET_TO_FIRST_TASK

Activate = Callable[[WorkflowActivation], WorkflowActivationCompletion]


class InStep:
    """Activates a workflow only with events that came with a task of their own.

    A query that waited for a worker comes with all events, those behind the last task too. The SDK would run the
    workflow on them at the time of the task before, and go on from there with the next task: what it then decides, no
    replay decides again. Such an activation is no replay, and has more events than the one before it and the same
    time. It fails, and the SDK drops the workflow from its cache and replays it for the task. The query is lost; the
    task sometimes too, and then comes again after its timeout. A task whose server's clock stands behind fails as well
    and is tried again.
    """

    def __init__(self, activate: Activate) -> None:
        self._activate = activate
        self._events = 0
        self._time = 0

    def __call__(self, activation: WorkflowActivation) -> WorkflowActivationCompletion:
        """What the workflow makes of the activation, or a failure."""
        if all(job.HasField("query_workflow") for job in activation.jobs):
            return self._activate(activation)
        # The SDK draws a new seed where a reset begins another run.
        if any(job.HasField("update_random_seed") for job in activation.jobs):
            _put_fence_up(activation)
        events, time = activation.history_length, activation.timestamp.ToNanoseconds()
        ahead = not activation.is_replaying and events > self._events > 0 and time == self._time
        self._events, self._time = events, time
        if not ahead:
            return self._activate(activation)
        refused = WorkflowActivationCompletion()
        refused.failed.failure.message = AHEAD_OF_ITS_TASK
        return refused


def _put_fence_up(activation: WorkflowActivation) -> None:
    if any(job.HasField("initialize_workflow") for job in activation.jobs):
        RESET_TO_FIRST_TASK.add(activation.run_id)
    elif activation.run_id in FENCES:
        FENCES[activation.run_id].up = True


class InStepRunner(SandboxedWorkflowRunner):
    """The sandbox, whose workflows are kept in step with their tasks."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """An instance of the sandbox."""
        instance = super().create_instance(det)
        instance.activate = InStep(instance.activate)  # type: ignore[method-assign, assignment]
        return instance
