"""What the histories of a life say: its runs, their events and bytes, and the actions that they are billed as."""

from collections.abc import Iterable

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from benchmarks.report import Worthless

Run = list[HistoryEvent]

ACTIONS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
}
"""What Temporal Cloud bills as an action, as far as a history shows it; a new run is one by its start. Queries,
heartbeats, retries and refused updates leave no event."""


OF_THE_CLOCK = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED,
}
"""What skipping time leaves in a history: a life in real time has none of it."""


async def runs_of(client: Client, workflow_id: str) -> list[Run]:
    """The events of all runs, the first run first."""
    runs: list[Run] = []
    run_id: str | None = None
    while run_id != "":
        handle = client.get_workflow_handle(workflow_id, run_id=run_id)
        runs.insert(0, list((await handle.fetch_history()).events))
        run_id = runs[0][0].workflow_execution_started_event_attributes.continued_execution_run_id
    return runs


def count(events: Iterable[HistoryEvent], *types: EventType.ValueType) -> int:
    """How many are of these types."""
    return sum(event.event_type in types for event in events)


def lasting(events: Iterable[HistoryEvent]) -> Run:
    """The events without those that skipping time leaves."""
    return [event for event in events if event.event_type not in OF_THE_CLOCK]


def actions(events: Iterable[HistoryEvent]) -> int:
    """How many actions they are billed as."""
    return count(events, *ACTIONS)


def size(events: Iterable[HistoryEvent]) -> int:
    """Their bytes, as they are sent."""
    return sum(event.ByteSize() for event in events)


def parked_size(run: Run) -> int:
    """The bytes of the run as it slept last."""
    last = max(number for number, event in enumerate(run) if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED)
    return size(lasting(run[: last + 1]))


async def check_timers(client: Client, workflow_ids: Iterable[str], renewals: int) -> None:
    """Raise Worthless if a life has renewed without a timer: time was skipped wrongly, and it looks too cheap."""
    for workflow_id in workflow_ids:
        events = [event for run in await runs_of(client, workflow_id) for event in run]
        fired = count(events, EventType.EVENT_TYPE_TIMER_FIRED)
        if fired < renewals:
            raise Worthless(f"{workflow_id} fired {fired} timers for {renewals} renewals")
