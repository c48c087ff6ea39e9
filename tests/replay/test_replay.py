"""Recorded lives of several years still replay, and ask nothing more of the server than their histories hold.

A failure here says: with the code as it is, subscriptions that are running now would be stuck, or would do
something once more. Read docs/changing-workflows.md before recording anew.
"""

import gzip
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from tests.replay.commands import Recorder, held_by
from workflows import options
from workflows.converter import DATA_CONVERTER
from workflows.interceptor import GuardInterceptor
from workflows.messages import Ended, Start
from workflows.subscription import SubscriptionWorkflow

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json.gz"))


def history_of(path: Path) -> WorkflowHistory:
    workflow_id, _, _ = path.name.partition(".")
    return WorkflowHistory.from_json(f"subscription:{workflow_id}", gzip.decompress(path.read_bytes()).decode())


async def replay(history: WorkflowHistory, workflow_class: type) -> list[str]:
    recorder = Recorder()
    replayer = Replayer(
        workflows=[workflow_class],
        data_converter=DATA_CONVERTER,
        interceptors=[GuardInterceptor()],
        workflow_runner=recorder,
    )
    await replayer.replay_workflow(history)
    return recorder.given


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.name.removesuffix(".json.gz"))
async def test_a_recorded_run_replays_with_exactly_its_commands(path: Path) -> None:
    history = history_of(path)
    assert await replay(history, SubscriptionWorkflow) == held_by(history)


def test_the_recordings_are_lives_of_several_years_with_continue_as_new() -> None:
    runs = [history_of(path) for path in HISTORIES]
    continued = [run for run in runs if held_by(run)[-1] == "continue_as_new_workflow_execution"]
    assert len(continued) >= 10
    lives = {run.workflow_id for run in runs}
    assert len(lives) >= 4
    years = max(
        (
            max(e.event_time.ToDatetime() for r in runs if r.workflow_id == life for e in r.events)
            - min(e.event_time.ToDatetime() for r in runs if r.workflow_id == life for e in r.events)
        ).days
        / 365
        for life in lives
    )
    assert years >= 3


@workflow.defn(name="SubscriptionWorkflow")
class Careless(SubscriptionWorkflow):
    """What the comparison is for: one more activity just before the wait."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: Start) -> Ended:
        return await super().run(start)

    async def _sleep_until_something_happens(self) -> None:
        await workflow.execute_activity("survey", start_to_close_timeout=options.RECORD_TIMEOUT)
        await super()._sleep_until_something_happens()


async def test_a_new_activity_before_the_last_wait_is_noticed() -> None:
    """The replayer alone stays green on it where the history ends in that wait."""
    open_runs = [run for run in map(history_of, HISTORIES) if held_by(run)[-1] == "start_timer"]
    assert open_runs, "record a life that is still waiting"
    noticed = 0
    for run in open_runs:
        try:
            noticed += await replay(run, Careless) != held_by(run)
        except workflow.NondeterminismError:
            noticed += 1
    assert noticed == len(open_runs)
