"""The client of bulk operations: start one, look how far it is, steer it, wait for its end."""

from collections.abc import Callable
from datetime import timedelta

from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from domain.bulk.operations import BulkState, Operation
from domain.next_step import Do, NextStep
from workflows.bulk.messages import BulkProgress, StartBulk
from workflows.bulk.workflow import BulkWorkflow
from workflows.calls.attempts import call
from workflows.calls.errors import AlreadyEnded, NotAnswered, NotFound, WorkflowFailed
from workflows.calls.target import Target, WorkflowClient
from workflows.calls.waiting import Pauses, failure_message
from workflows.durable import options
from workflows.durable.operator import Operator
from workflows.durable.workflow_ids import bulk_workflow_id

MOST_UNANSWERED = 3
"""After how many looks in a row without an answer, of half a minute each, `settled` gives up."""


class BulkClient(WorkflowClient):
    """Bulk operations on one Temporal server, by their ids."""

    def handle(self, bulk_id: str) -> WorkflowHandle[BulkWorkflow, BulkProgress]:
        """The workflow that carries out the operation, or did last."""
        return self._client.get_workflow_handle_for(BulkWorkflow.run, bulk_workflow_id(bulk_id))

    async def start(self, request: StartBulk, summary: str) -> None:
        """Start to carry out the operation, or leave it to the run that does so now; `summary` is for the Web UI.

        Returns once the server has it. Started again, it goes on with what waits. Raises CallError.
        """

        async def send(_: timedelta) -> None:
            await self._client.start_workflow(
                BulkWorkflow.run,
                request,
                id=bulk_workflow_id(request.bulk_id),
                task_queue=self._task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                task_timeout=options.TASK_TIMEOUT,
                static_summary=summary[: options.MAX_REASON],
            )

        await call(_name(request.bulk_id), send, lambda error: NotFound(error.message))

    async def carry_out(self, operation: Operation, canary: int = 0) -> None:
        """Start the operation of the books again where it stood: one that is paused stays paused. Raises as `start`."""
        request = StartBulk(
            bulk_id=operation.bulk_id,
            per_second=operation.per_second,
            canary=canary,
            paused=(operation.reason or "paused") if operation.state is BulkState.PAUSED else None,
        )
        summary = f"{operation.request.action} of {operation.items:,} items: {operation.request.selection}"
        await self.start(request, summary)

    async def progress(self, bulk_id: str) -> BulkProgress:
        """How far it is. Raises CallError: AlreadyEnded or NotFound where it does not run."""
        return await self._target(bulk_id).query("progress", BulkProgress)

    async def steer(self, bulk_id: str, update: str, request: Operator) -> str:
        """Send the update `pause`, `resume`, `stop` or `set_rate`, and return its message. Raises CallError."""
        return await self._target(bulk_id).update(update, request, str)

    async def settled(self, bulk_id: str, watch: Callable[[BulkProgress], None] = lambda _: None) -> BulkProgress:
        """Wait until it has ended or is paused; `watch` is called with each new progress.

        Raises NotFound and WorkflowFailed where it does not run, and NotAnswered where nothing changes for long.
        """
        seen, pauses, unanswered = None, Pauses(options.ORDER_TIMEOUT), 0
        while True:
            try:
                now = await self.progress(bulk_id)
            except NotAnswered:
                # A worker may have been killed, and another one will answer.
                if (unanswered := unanswered + 1) >= MOST_UNANSWERED:
                    raise
                continue
            unanswered = 0
            if now != seen:
                seen = now
                pauses.restart()
                watch(now)
            if now.state.final:
                return await self._result(bulk_id)
            if now.state is BulkState.PAUSED:
                return now
            words = f"{_name(bulk_id)}: nothing moves; it goes on by itself once it can. Look again later."
            await pauses.next(NotAnswered(words))

    async def _result(self, bulk_id: str) -> BulkProgress:
        """What it comes to, once the books know that it has ended."""
        try:
            return await self.handle(bulk_id).result()
        except WorkflowFailureError as error:
            raise WorkflowFailed(failure_message(error)) from None

    def _target(self, bulk_id: str) -> Target:
        step = NextStep(Do.SHOW_BULK, bulk_id)
        not_found = NotFound(f"No workflow of bulk operation {bulk_id} is on this server.", step)
        ended = AlreadyEnded(f"Bulk operation {bulk_id} has ended.", step)
        return Target(self._client, bulk_workflow_id(bulk_id), _name(bulk_id), not_found, ended)


def _name(bulk_id: str) -> str:
    return f"bulk operation {bulk_id}"
