"""An activation is taken only if its events came with a task of their own: then its time has moved."""

import pytest
from temporalio.bridge.proto.workflow_activation import (
    FireTimer,
    QueryWorkflow,
    SignalWorkflow,
    WorkflowActivation,
    WorkflowActivationJob,
)
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion

from workflows.calls.errors import AHEAD_OF_ITS_TASK
from workflows.guard.runner import InStep

TIMER = WorkflowActivationJob(fire_timer=FireTimer(seq=1))
SIGNAL = WorkflowActivationJob(signal_workflow=SignalWorkflow(signal_name="any"))
QUERY = WorkflowActivationJob(query_workflow=QueryWorkflow(query_id="1"))
OWN_QUERY = WorkflowActivationJob(query_workflow=QueryWorkflow(query_id="legacy_query"))


def activation(events: int, second: int, *jobs: WorkflowActivationJob, replaying: bool = False) -> WorkflowActivation:
    made = WorkflowActivation(history_length=events, is_replaying=replaying, jobs=jobs)
    made.timestamp.FromSeconds(second)
    return made


FIRST = activation(3, 100, TIMER)


def taken(*activations: WorkflowActivation) -> list[bool]:
    """Whether the workflow gets each of them, one after the other."""
    got: list[WorkflowActivation] = []

    def activate(one: WorkflowActivation) -> WorkflowActivationCompletion:
        got.append(one)
        return WorkflowActivationCompletion()

    step = InStep(activate, lambda _: None)
    refused = [step(one).failed.failure.message for one in activations]
    assert set(refused) <= {"", AHEAD_OF_ITS_TASK}
    assert len(got) == refused.count("")
    return [not message for message in refused]


@pytest.mark.parametrize(
    ("then", "is_taken"),
    [
        (activation(9, 101, TIMER), True),
        (activation(9, 101, SIGNAL, TIMER), True),
        (activation(3, 100, TIMER), True),
        (activation(9, 100, TIMER, replaying=True), True),
        (activation(9, 100, QUERY), True),
        (activation(9, 100, TIMER), False),
        (activation(9, 100, SIGNAL), False),
        (activation(9, 100, SIGNAL, QUERY), False),
    ],
    ids=[
        "a task's own events",
        "several of them",
        "more work in the same task",
        "a replay, which only repeats",
        "a query, which decides nothing",
        "a timer without its task",
        "a signal without its task",
        "a signal and a query without their task",
    ],
)
def test_what_follows_the_first_task(then: WorkflowActivation, is_taken: bool) -> None:
    assert taken(FIRST, then) == [True, is_taken]


def test_a_query_after_the_task_does_not_count_as_the_task_before() -> None:
    assert taken(FIRST, activation(5, 100, QUERY), activation(9, 101, TIMER)) == [True, True, True]


def test_a_task_that_was_refused_may_come_again_later() -> None:
    assert taken(FIRST, activation(9, 100, TIMER), activation(12, 102, TIMER)) == [True, False, True]


REPLAY = activation(3, 100, TIMER, replaying=True)
TASK, MORE, ASKED = activation(9, 101, TIMER), activation(9, 101, SIGNAL), activation(9, 101, OWN_QUERY)


@pytest.mark.parametrize(
    ("activations", "drops"),
    [
        ((REPLAY, TASK, ASKED), 1),
        ((REPLAY, TASK, MORE, ASKED), 1),
        ((TASK, activation(15, 102, TIMER), REPLAY, activation(21, 103, TIMER), ASKED), 1),
        ((REPLAY, ASKED), 0),
        ((TASK, ASKED), 0),
        ((REPLAY, TASK, activation(9, 101, QUERY)), 0),
        ((REPLAY, TASK, activation(15, 102, TIMER), ASKED), 0),
    ],
    ids=[
        "a query of its own after the first task since a replay",
        "the first task in two steps",
        "a replay in between",
        "no task since the replay",
        "no replay: the task was taken here",
        "a query that came with the task",
        "a second task, which confirms the first",
    ],
)
def test_what_may_be_another_workers_task_is_dropped(activations: tuple[WorkflowActivation, ...], drops: int) -> None:
    dropped: list[str] = []
    step = InStep(lambda _: WorkflowActivationCompletion(), dropped.append)
    for one in activations:
        assert not step(one).failed.failure.message
    assert len(dropped) == drops
