"""What workflows have written into the books, read whole from their histories: no worker is needed for it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.accounts.contracts import (
    AccountOpening,
    AccountReceipt,
    AccountRecordInput,
    CloseInput,
    HoldInput,
    LiftInput,
)
from activities.billing.contracts import CountInput, KeepInput, RecordInput
from activities.orders.contracts import OpenInput, OrderLine, PlacedOrder, PlaceInput, StartInput
from activities.provisioning.contracts import Confirmation, ProvisionInput
from domain.account.events import CloseReceipt
from domain.subscription.effects import Counted, Receipt
from domain.values import Frozen
from perennial.reconciliation.histories import json_of

WRITING: Mapping[str, tuple[type[Frozen], type[Frozen] | None]] = {
    "record": (RecordInput, Receipt),
    "keep": (KeepInput, None),
    "count_usage": (CountInput, Counted),
    **dict.fromkeys(("grant", "revoke", "purge"), (ProvisionInput, Confirmation)),
    "open_account": (AccountOpening, None),
    "record_account": (AccountRecordInput, AccountReceipt),
    "close_month": (CloseInput, CloseReceipt),
    "hold_for_nonpayment": (HoldInput, None),
    "lift_nonpayment": (LiftInput, None),
    "open_order": (OpenInput, PlacedOrder),
    "place_line": (PlaceInput, OrderLine),
    "start_line": (StartInput, OrderLine),
}
"""The activities that write what workflows decide, with what they take and return."""


@dataclass(frozen=True)
class Write:
    """One write that has succeeded, and when its workflow learned of it."""

    workflow_id: str
    at: datetime
    entry: Frozen
    result: Frozen | None


class Writes:
    """The writes of workflows, run by run."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def of(self, workflow_id: str, run_id: str, recorded: int) -> list[Write]:
        """Those of the run and of the runs that led to it, back to the one that wrote the event `recorded`.

        The oldest come first. Of runs whose histories the server no longer keeps there are none. Raises RPCError.
        """
        found: list[Write] = []
        run: str | None = run_id
        while run is not None and not any(_is_up_to(recorded, write) for write in found):
            try:
                run, writes = await self._run(workflow_id, run)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                break
            found = [*writes, *found]
        return found

    async def _run(self, workflow_id: str, run_id: str) -> tuple[str | None, list[Write]]:
        """The run before, and what this one has written."""
        before: str | None = None
        scheduled: dict[int, tuple[str, Frozen]] = {}
        writes: list[Write] = []
        async for event in self._events(workflow_id, run_id):
            if event.HasField("workflow_execution_started_event_attributes"):
                before = event.workflow_execution_started_event_attributes.continued_execution_run_id or None
            elif event.HasField("activity_task_scheduled_event_attributes"):
                asked = event.activity_task_scheduled_event_attributes
                if asked.activity_type.name in WRITING:
                    takes, _ = WRITING[asked.activity_type.name]
                    entry = takes.model_validate_json(await json_of(self._client, asked.input))
                    scheduled[event.event_id] = asked.activity_type.name, entry
            elif event.HasField("activity_task_completed_event_attributes"):
                done = event.activity_task_completed_event_attributes
                if done.scheduled_event_id in scheduled:
                    name, entry = scheduled[done.scheduled_event_id]
                    _, returns = WRITING[name]
                    result = returns.model_validate_json(await json_of(self._client, done.result)) if returns else None
                    writes.append(Write(workflow_id, event.event_time.ToDatetime(tzinfo=UTC), entry, result))
        return before, writes

    async def _events(self, workflow_id: str, run_id: str) -> AsyncIterator[HistoryEvent]:
        async for event in self._client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history_events():
            yield event


def _is_up_to(recorded: int, write: Write) -> bool:
    return isinstance(write.entry, RecordInput | AccountRecordInput) and write.entry.record.events[0].seq <= recorded
