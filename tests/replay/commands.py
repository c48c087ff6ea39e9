"""What a replay asks of the server, beside what its history holds.

Temporal's replayer compares kinds and ids of commands with events, and only as far as the history goes on. So a new
activity just before a last wait replays green, and so does a timer that is a month too short. The tests compare all
commands with all events themselves, with what they say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from temporalio import workflow
from temporalio.api.history.v1 import HistoryEvent
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_commands import UpdateResponse, WorkflowCommand
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHistory
from temporalio.worker import (
    Replayer,
    UnsandboxedWorkflowRunner,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)

from tests.replay.contents import EVENTS, content_of_command, content_of_event
from workflows.guard.converter import DATA_CONVERTER
from workflows.guard.interceptor import GuardInterceptor

LAST = {f"{how}_workflow_execution" for how in ("continue_as_new", "complete", "fail", "cancel")}
"""Whatever is given beside one of these in the same task goes to the server before it."""

ANSWERS = {"accept_update", "complete_update"}
COMMANDS = {event: name for name, event in EVENTS.items()}
CHANGE_VERSION = "TemporalChangeVersion"
"""The search attribute that the SDK upserts beside a patch's marker."""


@dataclass(frozen=True)
class Given:
    """One command: its name and what it says. `event` is the one that it left, where it comes from a history."""

    name: str
    content: dict[str, object]
    event: HistoryEvent | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Replayed:
    """The commands that a replay gave, and the error that ended it early, if one did."""

    given: list[Given]
    error: Exception | None

    @property
    def kinds(self) -> list[str]:
        """The names of the commands, without the answers to updates."""
        return [each.name for each in self.given if each.name not in ANSWERS]


class Recorder(WorkflowRunner):
    """Runs workflows and notes every command that they give."""

    def __init__(self, task_queue: str) -> None:
        self._inner = UnsandboxedWorkflowRunner()
        self._task_queue = task_queue
        self._accepted: set[str] = set()
        self.given: list[Given] = []

    def prepare_workflow(self, defn: workflow._Definition) -> None:
        """Nothing to prepare."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """An instance whose completions are read. It runs on the history's task queue, not on the replayer's."""
        det = replace(det, info=replace(det.info, task_queue=self._task_queue))
        instance = self._inner.create_instance(det)
        activate = instance.activate

        def read(act: WorkflowActivation) -> WorkflowActivationCompletion:
            completion = activate(act)
            commands = [each for command in completion.successful.commands for each in self._given_by(command, det)]
            self.given += sorted(_sent(commands), key=lambda each: each.name in LAST)
            return completion

        instance.activate = read  # type: ignore[method-assign]
        return instance

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        """No exception type fails a workflow of ours."""

    def _given_by(self, command: WorkflowCommand, det: WorkflowInstanceDetails) -> Iterator[Given]:
        """The command, unless it leaves no event: an answer to a query, an update that its validator refuses."""
        name = str(command.WhichOneof("variant"))
        if name == "update_response":
            yield from self._answered(command.update_response)
        elif name != "respond_to_query":
            content = content_of_command(name, getattr(command, name))
            if name == "continue_as_new_workflow_execution":  # unset means: as this run
                content = {"workflow_type": det.info.workflow_type, "task_queue": det.info.task_queue, **content}
            yield Given(name, content)

    def _answered(self, response: UpdateResponse) -> Iterator[Given]:
        update = response.protocol_instance_id
        if response.HasField("accepted"):
            self._accepted.add(update)
            yield Given("accept_update", content_of_command("accept_update", response))
        elif update in self._accepted:
            yield Given("complete_update", content_of_command("complete_update", response))


def _sent(commands: list[Given]) -> list[Given]:
    """Without the timers that are started and cancelled in the same task: the SDK never sends them."""
    started, cancelled = (
        {each.content["seq"] for each in commands if each.name == name} for name in ("start_timer", "cancel_timer")
    )
    unsent = started & cancelled
    return [each for each in commands if "timer" not in each.name or each.content["seq"] not in unsent]


def recorded_in(history: WorkflowHistory) -> list[Given]:
    """The commands that the history's events came from."""
    return [
        Given(COMMANDS[event.event_type], content_of_event(COMMANDS[event.event_type], event), event)
        for event in history.events
        if event.event_type in COMMANDS and not _beside_a_patch(event)
    ]


def held_by(history: WorkflowHistory) -> list[str]:
    """The names of the history's commands, without the answers to updates."""
    return Replayed(recorded_in(history), None).kinds


def _beside_a_patch(event: HistoryEvent) -> bool:
    upserted = event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
    return set(upserted) == {CHANGE_VERSION}


async def replayed(history: WorkflowHistory, workflow_class: type) -> Replayed:
    """Replay the history with the workflow as it is now."""
    started = history.events[0].workflow_execution_started_event_attributes
    recorder = Recorder(started.task_queue.name)
    replayer = Replayer(
        workflows=[workflow_class],
        data_converter=DATA_CONVERTER,
        interceptors=[GuardInterceptor()],
        workflow_runner=recorder,
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    return Replayed(recorder.given, result.replay_failure)
