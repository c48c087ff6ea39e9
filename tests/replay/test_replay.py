"""Recorded lives, accounts, orders and tellings still replay, and ask nothing more of the server than they hold.

A failure here says: with the code as it is, workflows that are running now would be stuck, or would do
something once more. Read docs/changing-workflows.md before recording anew.
"""

import asyncio
import gzip
import json
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory

from activities.orders.contracts import PlacedOrder
from hosting.assembly import WORKFLOWS
from tests.replay.commands import held_by, recorded_in, replayed
from tests.replay.recordings import history_of, recordings_in, workflow_of
from workflows.account.messages import AccountClosed, AccountStart
from workflows.account.workflow import BillingAccountWorkflow
from workflows.durable import options
from workflows.order.messages import PlaceOrder
from workflows.order.workflow import OrderWorkflow
from workflows.subscription.messages import Ended, Start
from workflows.subscription.workflow import SubscriptionWorkflow

RECORDINGS = recordings_in()


def recorded_of(workflow_class: type) -> list[Path]:
    return [path for path in RECORDINGS if workflow_of(history_of(path)) is workflow_class]


HISTORIES = recorded_of(SubscriptionWorkflow)
"""The subscriptions' own."""


async def replay(history: WorkflowHistory, workflow_class: type) -> list[str]:
    """The names of the commands. Raises the replayer's own error."""
    done = await replayed(history, workflow_class)
    if done.error is not None:
        raise done.error
    return done.kinds


def test_every_workflow_that_the_worker_runs_is_recorded() -> None:
    recorded = {workflow_of(history_of(path)) for path in RECORDINGS}
    missing = [workflow.__name__ for workflow in WORKFLOWS if workflow not in recorded]
    assert not missing, (
        f"no history of {missing}: let tests/replay/record.py write one, and run "
        ".venv/bin/python -m tests.replay.record"
    )


def test_the_recordings_show_every_way_that_an_order_and_a_telling_end() -> None:
    last = {path.name.removesuffix(".json.gz"): held_by(history_of(path))[-1] for path in RECORDINGS}
    assert last["order.mixed.01"] == last["order.mixed.02"] == "complete_workflow_execution"
    assert last["order.waiting.01"] == "schedule_activity"
    tellings = [command for name, command in sorted(last.items()) if name.startswith("price-changes.")]
    assert len(tellings) >= 3
    assert tellings[:-1] == ["continue_as_new_workflow_execution"] * (len(tellings) - 1)
    assert tellings[-1] == "complete_workflow_execution"


def test_the_recordings_show_publishers_that_are_told_late_and_after_the_end() -> None:
    """Invariant 13: a run that hands over while its publisher takes nothing; a life whose end it did not take."""
    recordings = {path.name.removesuffix(".json.gz"): history_of(path) for path in RECORDINGS}
    assert held_by(recordings["told.01"])[-1] == "continue_as_new_workflow_execution"
    scheduled, completed = (
        sum(event.HasField(field) for event in recordings["told.01"].events)
        for field in ("activity_task_scheduled_event_attributes", "activity_task_completed_event_attributes")
    )
    assert scheduled == completed + 1
    assert held_by(recordings["given-up.01"])[-1] == "complete_workflow_execution"
    assert held_by(recordings["delivery.given-up.01"])[-1] == "continue_as_new_workflow_execution"
    assert held_by(recordings["delivery.given-up.02"])[-1] == "complete_workflow_execution"


def test_a_purchase_upserts_nothing_that_its_start_has() -> None:
    """It would be an event, an action and a task for the server's lists."""
    for path in HISTORIES:
        assert recorded_in(history_of(path))[0].name != "upsert_workflow_search_attributes", path


def test_no_recording_holds_a_secret() -> None:
    for path in RECORDINGS:
        assert "whsec_" not in gzip.decompress(path.read_bytes()).decode(), path


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


ACCOUNTS = recorded_of(BillingAccountWorkflow)
SHOWN_OF_ACCOUNTS = {
    # REP-1
    "conflict_settled",
    # MON-5
    "invoice_issued",
    "invoice_carried",
    # MON-6
    "payment_received",
    "payment_failed",
    "invoice_overdue",
    "reminded",
    "suspended_for_nonpayment",
    *("holds_lifted", "invoice_settled", "reminder_skipped", "suspension_postponed", "terms_changed"),
}


def sleeps(run: WorkflowHistory) -> bool:
    """Whether the recording ends while a timer runs."""
    kinds = [str(event.WhichOneof("attributes")) for event in run.events]
    started, fired, cancelled = (
        kinds.count(f"timer_{how}_event_attributes") for how in ("started", "fired", "canceled")
    )
    return kinds[-1] != "workflow_execution_continued_as_new_event_attributes" and started > fired + cancelled


def test_the_recordings_show_all_that_happens_to_an_account() -> None:
    runs = [history_of(path) for path in ACCOUNTS]
    ends = [held_by(run)[-1] for run in runs]
    assert ends.count("continue_as_new_workflow_execution") >= 6
    assert sum(map(sleeps, runs)) == len({run.workflow_id for run in runs}) >= 2
    performed: dict[str, list[bytes]] = {}
    signals = 0
    for run in runs:
        for event in run.events:
            scheduled = event.activity_task_scheduled_event_attributes
            name = scheduled.activity_type.name
            performed.setdefault(name, []).extend(payload.data for payload in scheduled.input.payloads)
            signals += event.HasField("workflow_execution_signaled_event_attributes")
    assert {
        "close_month",
        "look_at_uninvoiced",
        "record_account",
        "hold_for_nonpayment",
        "lift_nonpayment",
    } <= performed.keys()
    recorded = [json.loads(data) for data in performed["record_account"]]
    assert {event["event"] for each in recorded for event in each["record"]["events"]} == SHOWN_OF_ACCOUNTS
    assert signals >= 3


def test_a_recorded_signal_came_while_the_month_was_being_closed() -> None:
    """MON-6: between the close's request and its result, and it is written into the books after it."""
    waited = 0
    for run in map(history_of, ACCOUNTS):
        closing: set[int] = set()
        for event in run.events:
            if event.activity_task_scheduled_event_attributes.activity_type.name == "close_month":
                closing.add(event.event_id)
            closing.discard(event.activity_task_completed_event_attributes.scheduled_event_id)
            waited += bool(closing) and event.HasField("workflow_execution_signaled_event_attributes")
    assert waited


@workflow.defn(name="BillingAccountWorkflow")
class Curious(BillingAccountWorkflow):
    """What the comparison is for: one more activity just before the wait for the month's end."""

    @workflow.init
    def __init__(self, start: AccountStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: AccountStart) -> AccountClosed:
        return await super().run(start)

    async def _sleep_until_something_happens(self) -> None:
        await workflow.execute_activity("survey", start_to_close_timeout=options.RECORD_TIMEOUT)
        await super()._sleep_until_something_happens()


async def test_a_new_activity_before_an_accounts_last_wait_is_noticed() -> None:
    open_runs = [run for run in map(history_of, ACCOUNTS) if held_by(run)[-1] == "start_timer"]
    assert open_runs, "record an account that is still waiting"
    for run in open_runs:
        try:
            assert await replay(run, Curious) != held_by(run)
        except workflow.NondeterminismError:
            continue


@workflow.defn(name="OrderWorkflow")
class Hasty(OrderWorkflow):
    """What the comparison is for: a survey beside the first step, requested after it."""

    @workflow.init
    def __init__(self, start: PlaceOrder) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: PlaceOrder) -> PlacedOrder:
        return await super().run(start)

    async def _open(self) -> None:
        await asyncio.gather(super()._open(), self._survey())

    async def _survey(self) -> None:
        await workflow.execute_activity("survey", start_to_close_timeout=options.RECORD_TIMEOUT)


ORDERS = recorded_of(OrderWorkflow)


async def test_a_new_activity_beside_a_waiting_orders_step_is_noticed() -> None:
    """The replayer alone stays green on it: the history ends before the survey would be requested."""
    waiting = [run for run in map(history_of, ORDERS) if held_by(run)[-1] == "schedule_activity"]
    assert waiting, "record an order that is still waiting"
    for run in waiting:
        assert await replay(run, Hasty) == [*held_by(run), "schedule_activity"]


async def test_a_new_activity_in_a_settled_order_is_noticed() -> None:
    settled = [run for run in map(history_of, ORDERS) if held_by(run)[-1] == "complete_workflow_execution"]
    assert settled, "record an order that is settled"
    for run in settled:
        with pytest.raises(workflow.NondeterminismError):
            await replay(run, Hasty)
