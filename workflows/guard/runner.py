"""Keeps a workflow from running on events that no task of its own has taken yet, and notes that it was reset."""

from collections.abc import Callable
from threading import Lock

from temporalio.bridge.proto.workflow_activation import WorkflowActivation, WorkflowActivationJob
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowInstance, WorkflowInstanceDetails

from workflows.calls.errors import AHEAD_OF_ITS_TASK
from workflows.durable.memory import FENCES, RESET_TO_FIRST_TASK

Activate = Callable[[WorkflowActivation], WorkflowActivationCompletion]
Drop = Callable[[str], None]
"""Drops the run of that id from the cache."""


def _nowhere(_: str) -> None:
    """There is no cache."""


class InStep:
    """Activates a workflow only with events that came with a task of their own.

    A query that waited for a worker comes with all events, those behind the last task too. The SDK would run the
    workflow on them at the time of the task before, and go on from there with the next task: what it then decides, no
    replay decides again. Such an activation is no replay, and has more events than the one before it and the same
    time. It fails, and the SDK drops the workflow from its cache and replays it for the task. The query is lost; the
    task sometimes too, and then comes again after its timeout. A task whose server's clock stands behind fails as well
    and is tried again.

    Where another worker has died with the task, its events end with the task's start, and look like a task taken here.
    So a workflow that was replayed is dropped from the cache after a query of its own that follows its first task: the
    next task replays it, whoever has taken that one.

    Activations come one at a time. The SDK gives up on one after two seconds, as on a machine that is too busy, and
    evicts the workflow while that one is still under way in its thread: then tasks remain that nobody ever wakes, and
    the workflow answers nothing until its worker ends.
    """

    def __init__(self, activate: Activate, drop: Drop) -> None:
        self._activate = activate
        self._under_way = Lock()
        self._drop = drop
        self._events = 0
        self._time = 0
        self._first_events = 0
        """Of the first task since a replay; 0 without one, or after another task."""
        self._replayed = False

    def __call__(self, activation: WorkflowActivation) -> WorkflowActivationCompletion:
        """What the workflow makes of the activation, or a failure."""
        with self._under_way:
            return self._taken(activation)

    def _taken(self, activation: WorkflowActivation) -> WorkflowActivationCompletion:
        if all(job.HasField("query_workflow") for job in activation.jobs):
            if self._first_events and any(map(_of_its_own, activation.jobs)):
                self._drop(activation.run_id)
            return self._activate(activation)
        self._note_first_task(activation)
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

    def _note_first_task(self, activation: WorkflowActivation) -> None:
        if activation.is_replaying:
            self._replayed, self._first_events = True, 0
        elif self._replayed:
            self._replayed, self._first_events = False, activation.history_length
        elif activation.history_length != self._first_events:
            self._first_events = 0


def _of_its_own(job: WorkflowActivationJob) -> bool:
    """Whether the query came without a task."""
    return job.query_workflow.query_id == "legacy_query"


def _put_fence_up(activation: WorkflowActivation) -> None:
    if any(job.HasField("initialize_workflow") for job in activation.jobs):
        RESET_TO_FIRST_TASK.add(activation.run_id)
    elif activation.run_id in FENCES:
        FENCES[activation.run_id].up = True


class InStepRunner(UnsandboxedWorkflowRunner):
    """Keeps its workflows in step with their tasks.

    It has no sandbox: linters guard what runs in a workflow (ADR 0023).
    """

    _drop: Drop = staticmethod(_nowhere)

    def drop_by(self, worker: Worker) -> None:
        """Drop workflows from the cache of this worker."""
        # The SDK has no public way: a failure would be an event in the history.
        self._drop = worker._bridge_worker.request_workflow_eviction

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """An instance that is activated in step."""
        instance = super().create_instance(det)
        instance.activate = InStep(instance.activate, self._drop)  # type: ignore[method-assign, assignment]
        return instance
