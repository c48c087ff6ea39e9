"""What workflows have decided and recorded, read from the ends of their histories: no worker is needed for it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from temporalio.api.common.v1 import Payloads, WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.service import RPCError, RPCStatusCode

from activities.accounts.contracts import AccountRecordInput
from activities.billing.contracts import RecordInput
from activities.notifications.activities import NOTIFY
from statemachines.account.life import AccountLife
from statemachines.audit.observed import Known
from statemachines.subscription.life import Life
from statemachines.subscription.timeline import next_milestone
from workflows.durable.committed import COMMITTED_UPDATES

PAGE = 60
"""How many events are read at a time, the last ones first. Mostly the last record is among them."""
MOST_PAGES = 200
AT_ONCE = 16
REQUESTS = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
)
"""The events by which a workflow learns of a request that it may decide."""
LOOKING = ("open_account", "restore")
"""The activities by which an account or a subscription learns what the books know of it."""
RECORDING: Mapping[str, type[RecordInput] | type[AccountRecordInput]] = {
    "record": RecordInput,
    "record_account": AccountRecordInput,
}
"""The activities that write a decision into the books, and what they take."""


class Histories:
    """How far runs are, by the last record that each has scheduled, or else by what it began with."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._window = asyncio.Semaphore(AT_ONCE)
        self.read = 0
        """How many were read."""

    async def of(self, runs: Sequence[tuple[str, str]]) -> list[Known | None]:
        """What these workflows know, each given by its id and its run's; None for one that cannot be told."""
        return await asyncio.gather(*(self._one(workflow_id, run_id) for workflow_id, run_id in runs))

    async def _one(self, workflow_id: str, run_id: str) -> Known | None:
        async with self._window:
            try:
                known = await self._known(workflow_id, run_id)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                return None
            except (ValueError, RuntimeError, KeyError):
                return None  # it began with what no version of this program writes, or is encrypted
        self.read += known is not None
        return known

    async def _known(self, workflow_id: str, run_id: str) -> Known | None:
        done: dict[int, Payloads] = {}
        waiting = asked = False
        async for event in self._backwards(workflow_id, run_id):
            if event.event_type in REQUESTS:
                # Who only waits for the books has nothing decided.
                accepted = event.workflow_execution_update_accepted_event_attributes.accepted_request
                asked = asked or accepted.input.name not in COMMITTED_UPDATES
            elif event.HasField("activity_task_completed_event_attributes"):
                result = event.activity_task_completed_event_attributes
                done[result.scheduled_event_id] = result.result
            elif event.HasField("activity_task_scheduled_event_attributes"):
                scheduled = event.activity_task_scheduled_event_attributes
                name = scheduled.activity_type.name
                waiting = waiting or (event.event_id not in done and name != NOTIFY)
                if name in LOOKING and event.event_id in done:
                    opened = json.loads(await json_of(self._client, done[event.event_id]))
                    return _begun(opened["life"], waiting=waiting).model_copy(update={"asked": asked})
                if name in RECORDING:
                    entry = RECORDING[name].model_validate_json(await json_of(self._client, scheduled.input))
                    known = _after(entry, recorded=event.event_id in done, waiting=waiting)
                    return known.model_copy(update={"asked": asked})
            elif event.HasField("workflow_execution_started_event_attributes"):
                start = json.loads(await json_of(self._client, event.workflow_execution_started_event_attributes.input))
                known = _begun(start["life"], waiting=waiting) if "life" in start else Known(seq=0, committed=0)
                return known.model_copy(update={"asked": asked})
        return None

    async def _backwards(self, workflow_id: str, run_id: str) -> AsyncIterator[HistoryEvent]:
        execution = WorkflowExecution(workflow_id=workflow_id, run_id=run_id)
        token = b""
        for _ in range(MOST_PAGES):
            found = await self._client.workflow_service.get_workflow_execution_history_reverse(
                GetWorkflowExecutionHistoryReverseRequest(
                    namespace=self._client.namespace,
                    execution=execution,
                    maximum_page_size=PAGE,
                    next_page_token=token,
                )
            )
            for event in found.history.events:
                yield event
            token = found.next_page_token
            if not token:
                return


async def json_of(client: Client, payloads: Payloads) -> bytes:
    """The first of what an event holds as its JSON, behind the client's codec."""
    (raw,) = await client.data_converter.decode(list(payloads.payloads)[:1], [RawValue])
    return bytes(raw.payload.data)


def _after(entry: RecordInput | AccountRecordInput, *, recorded: bool, waiting: bool) -> Known:
    first, last = entry.record.events[0], entry.record.events[-1]
    committed = last.seq if recorded else first.seq - 1
    known = Known(seq=last.seq, committed=committed, waiting=waiting)
    if isinstance(entry, AccountRecordInput):
        return known
    event = entry.record.events[-1]
    more = {"state": event.state.value, "auto_renew": event.after.auto_renew, "last_at": event.at}
    return known.model_copy(update={**more, "next_at": entry.next_at})


def _begun(life: dict[str, Any], *, waiting: bool) -> Known:
    """What a run knows that has scheduled nothing yet: all that the run before has handed to it."""
    if "account" in life:
        account = AccountLife.model_validate(life)
        waits = waiting or bool(account.effects)
        return Known(seq=account.account.seq, committed=account.committed, waiting=waits)
    carried = Life.model_validate(life)
    subscription, milestone = carried.subscription, next_milestone(carried.subscription)
    return Known(
        seq=subscription.seq,
        committed=carried.committed,
        waiting=waiting or bool(carried.effects),
        state=subscription.state.value,
        auto_renew=subscription.auto_renew,
        last_at=subscription.last_at,
        next_at=milestone.at if milestone else None,
    )
