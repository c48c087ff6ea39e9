"""What the server says of workflows, without asking a worker: lists, page by page, and one workflow in detail."""

from collections.abc import AsyncIterator, Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution as Execution
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import (
    GetWorkflowExecutionHistoryReverseRequest,
    ResetWorkflowExecutionRequest,
)
from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowHistoryEventFilterType,
)
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from activities.notifications.activities import NOTIFY
from domain.values import format_instant
from statemachines.audit.findings import GONE, Status
from statemachines.audit.observed import Effect, Run
from workflows.calls.errors import NotFound
from workflows.durable import options, search_attributes

PAGE = 1000
NAMED_AT_ONCE = 200
"""How many ids one query names."""
LAST_EVENTS = 100
"""How many of a run's last events are read to learn why it ended, fails or was reset."""
_REPORTED = SearchAttributeKey.for_keyword_list("TemporalReportedProblems")
"""The server's own attribute of workflows whose task has failed several times."""


class Runs:
    """The last run of each workflow. Raises RPCError.

    Runs that have handed over to a next one are left out.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def listed(self, workflow_ids: Collection[str]) -> dict[str, Run]:
        """The runs of these workflows by their ids, some hundreds per request; what the list does not have is left out.

        The server's lists lag: a workflow that has just begun or ended may be missing or out of date.
        """
        wanted, found = list(workflow_ids), dict[str, Run]()
        for first in range(0, len(wanted), NAMED_AT_ONCE):
            names = ", ".join(f"'{name}'" for name in wanted[first : first + NAMED_AT_ONCE])
            async for page in self._pages(f"WorkflowId IN ({names})"):
                found = _last_of([*found.items(), *page])
        return found

    async def pages(self, workflow_type: str) -> AsyncIterator[dict[str, Run]]:
        """All workflows of the type by their ids, in the server's own order."""
        async for page in self._pages(f"WorkflowType = '{workflow_type}'"):
            yield _last_of(page)

    async def every(self, workflow_type: str) -> AsyncIterator[tuple[str, str]]:
        """The workflow id and run id of every run of the type, earlier ones under the same workflow id too."""
        async for each in self._client.list_workflows(f"WorkflowType = '{workflow_type}'", page_size=PAGE):
            yield each.id, each.run_id

    async def _pages(self, query: str) -> AsyncIterator[list[tuple[str, Run]]]:
        pages = self._client.list_workflows(f"{query} AND ExecutionStatus != 'ContinuedAsNew'", page_size=PAGE)
        while True:
            await pages.fetch_next_page()
            yield [(each.id, _run_of(each)) for each in pages.current_page or []]
            if not pages.next_page_token:
                return

    async def described(self, workflow_id: str) -> Run | None:
        """The workflow's last run as it is now, and why it ended or fails. None if the server has none."""
        try:
            seen = await self._client.get_workflow_handle(workflow_id).describe(rpc_timeout=options.ANSWER_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        run = _run_of(seen)
        reset_at = _reset_at(seen)
        fails = seen.raw_description.pending_workflow_task.attempt > 1
        more: dict[str, object] = {"effect": _effect_of(seen), "reset_at": reset_at}
        if run.status is not Status.RUNNING or reset_at or fails or run.problem:
            events = await self._last_events(workflow_id, seen.run_id)
            more |= {"said": why_ended(events[0]) if events else "", "replaces": _replaced(events)}
            more |= {"problem": (_failure(events) if fails else None) or run.problem}
        return run.model_copy(update=more)

    async def resume(self, workflow_id: str, run_id: str, reason: str) -> None:
        """Take an ended run up again, in a new run, at the last task that it has done. Raises NotFound, RPCError."""
        events = await self._last_events(workflow_id, run_id)
        done = (each.event_id for each in events if each.HasField("workflow_task_completed_event_attributes"))
        last = next(done, None)
        if last is None:
            raise NotFound(f"{workflow_id} has done no task that it could be taken up at.")
        request = ResetWorkflowExecutionRequest(
            namespace=self._client.namespace,
            workflow_execution=Execution(workflow_id=workflow_id, run_id=run_id),
            reason=reason,
            request_id=f"resume-{run_id}",
            workflow_task_finish_event_id=last,
        )
        await self._client.workflow_service.reset_workflow_execution(request)

    async def _last_events(self, workflow_id: str, run_id: str) -> list[HistoryEvent]:
        """The run's last events, the last one first."""
        request = GetWorkflowExecutionHistoryReverseRequest(
            namespace=self._client.namespace,
            execution=Execution(workflow_id=workflow_id, run_id=run_id),
            maximum_page_size=LAST_EVENTS,
        )
        found = await self._client.workflow_service.get_workflow_execution_history_reverse(request)
        return list(found.history.events)


async def ended_from_outside(handle: WorkflowHandle[Any, Any]) -> str | None:
    """What has ended the workflow's last run, where that was not its own decision; None otherwise. Raises RPCError."""
    run = _run_of(await handle.describe(rpc_timeout=options.ANSWER_TIMEOUT))
    if run.status not in GONE or run.closed_at is None:
        return None
    closing = handle.fetch_history_events(event_filter_type=WorkflowHistoryEventFilterType.CLOSE_EVENT)
    said = [why_ended(event) async for event in closing]
    because = f": {said[-1]}" if said and said[-1] else ""
    return f"{run.status.words} at {format_instant(run.closed_at)}{because}"


def _run_of(seen: WorkflowExecution) -> Run:
    attributes = seen.typed_search_attributes
    assert seen.status is not None
    status = Status.COMPLETED
    if seen.status is not WorkflowExecutionStatus.CONTINUED_AS_NEW:
        status = Status(seen.status.name.lower())
    problems = attributes.get(_REPORTED, [])
    return Run(
        run_id=seen.run_id,
        status=status,
        started_at=seen.start_time,
        closed_at=seen.close_time,
        state=attributes.get(search_attributes.STATE, None),
        auto_renew=attributes.get(search_attributes.AUTO_RENEW, None),
        attention=attributes.get(search_attributes.ATTENTION, None),
        problem=", ".join(problems) or None,
    )


def _last_of(runs: Iterable[tuple[str, Run]]) -> dict[str, Run]:
    """The last run of each workflow: the one that runs, else the one that began last."""
    found: dict[str, Run] = {}
    for name, run in runs:
        other = found.setdefault(name, run)
        if (run.status is Status.RUNNING, run.started_at) > (other.status is Status.RUNNING, other.started_at):
            found[name] = run
    return found


def _effect_of(seen: WorkflowExecutionDescription) -> Effect | None:
    """The activity that has been tried most often; those that notify a publisher have terms of their own."""
    pending = [each for each in seen.raw_description.pending_activities if each.activity_type.name != NOTIFY]
    most = max(pending, key=lambda each: each.attempt, default=None)
    if most is None:
        return None
    return Effect(name=most.activity_type.name, attempts=most.attempt, failure=_one_line(most.last_failure.message))


def _reset_at(seen: WorkflowExecutionDescription) -> datetime | None:
    reset = seen.raw_description.workflow_extended_info.last_reset_time
    return reset.ToDatetime(tzinfo=UTC) if reset.seconds > 0 else None


def why_ended(last: HistoryEvent) -> str:
    """Why the run ended, by its last event: the reason of who terminated it, or its own error."""
    if last.HasField("workflow_execution_terminated_event_attributes"):
        ended = last.workflow_execution_terminated_event_attributes
        return _one_line(f"{ended.reason or 'no reason given'} (by {ended.identity or 'unknown'})")
    return _one_line(last.workflow_execution_failed_event_attributes.failure.message)


def _failure(events: list[HistoryEvent]) -> str | None:
    """The failure of the task that is pending now; None where its worker only did not answer."""
    for event in events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            return None
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            failed = event.workflow_task_failed_event_attributes
            if failed.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW:
                return None
            return _one_line(failed.failure.message) or WorkflowTaskFailedCause.Name(failed.cause)
    return None


def _replaced(events: list[HistoryEvent]) -> str | None:
    """The run that a reset has ended, by the event that marks it."""
    marks = (event.workflow_task_failed_event_attributes for event in events)
    reset = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW
    return next((mark.base_run_id for mark in marks if mark.cause == reset), None)


def _one_line(said: str) -> str:
    return " ".join(said.split())[: options.MAX_REASON]
