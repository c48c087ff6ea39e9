"""What the clients of workflows are built from: queries and updates, with every failure turned into a CallError."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio.client import Client
from temporalio.common import QueryRejectCondition
from temporalio.service import RPCError, RPCStatusCode

from activities.random_ids import random_id
from domain.next_step import Do, NextStep
from workflows.calls.attempts import FAILED_TASK, LATE_TASK, call
from workflows.calls.errors import CallError, NotAnswered, Rejected, WorkflowFailed
from workflows.calls.one_try import ENDED_BADLY, query_once, update_once
from workflows.calls.polling import unpolled
from workflows.calls.runs import ended_from_outside
from workflows.calls.test_clocks import ClockPermit
from workflows.durable import options

T = TypeVar("T")
_FAILING_TASK = (LATE_TASK, FAILED_TASK)
"""How the server refuses a query, and an update, of a workflow that its workers cannot go on with."""


@dataclass(frozen=True)
class Target:
    """The workflow to call, its name in error messages, and the errors where it does not exist, or has ended.

    `subject` is the id by which `reconcile` knows what it owns. A workflow that somebody has ended from outside raises
    WorkflowFailed, which says so: its state is no longer true.
    """

    client: Client
    workflow_id: str
    name: str
    not_found: CallError
    ended: CallError | None = None
    subject: str | None = None

    async def query(
        self, query: str, result: type[T], args: Sequence[object] = (), *, reject: QueryRejectCondition | None = None
    ) -> T:
        """The query's result. A query is lost when its worker dies, so one try takes half the time at most.

        Raises CallError.
        """
        condition = reject or QueryRejectCondition.NOT_COMPLETED_CLEANLY

        async def send(left: timedelta) -> T:
            timeout = min(left, options.ANSWER_TIMEOUT / 2)
            try:
                return await query_once(self.client, self.workflow_id, query, args, result, timeout, condition)
            except Rejected as error:
                if reject is not None or error.kind != ENDED_BADLY:
                    raise
                raise self.ended or self.not_found from None

        return await self._explained(call(self.name, send, self._gone))

    async def update(
        self,
        update: str,
        request: object,
        result: type[T],
        *,
        update_id: str | None = None,
        repeatable: bool = True,
    ) -> T:
        """The update's result. It is sent again under the same id until its answer is known.

        The server knows the ids of one run. If the workflow does not know them in the next one, and a repeat has a
        second effect, the update is not `repeatable`: it is sent again only after a refusal. Raises CallError.
        """
        one_id = update_id or random_id()

        async def send(left: timedelta) -> T:
            return await update_once(self.client, self.workflow_id, update, one_id, request, result, left)

        return await self._explained(call(self.name, send, self._gone, repeatable=repeatable))

    async def _explained(self, calling: Awaitable[T]) -> T:
        """The result. Where the workflow is not there any more, the error says what has ended it."""
        try:
            return await calling
        except CallError as error:
            if isinstance(error, NotAnswered) and any(words in str(error) for words in _FAILING_TASK):
                words = f"{self.name}: its workflow's task fails, so it answers nothing."
                raise NotAnswered(words, self._reconcile) from None
            if isinstance(error, NotAnswered) and (nobody := await unpolled(self.client, self.workflow_id, self.name)):
                raise nobody from None
            if error not in {self.not_found, self.ended}:
                raise
            try:
                how = await ended_from_outside(self.client.get_workflow_handle(self.workflow_id))
            except RPCError as lost:
                if error is self.not_found or lost.status is RPCStatusCode.NOT_FOUND:
                    # What the server deletes it terminates first.
                    raise self.not_found from None
                words = f"{self.name}: it has ended, and the server does not say how ({lost.message}). Try again later."
                raise NotAnswered(words) from None
            if how is None:
                raise
        words = f"The workflow of {self.name} {how.rstrip('.')}. Nothing of it happens by itself any more."
        raise WorkflowFailed(words, self._reconcile)

    @property
    def _reconcile(self) -> NextStep | None:
        return NextStep(Do.RECONCILE, self.subject, "Find out what to do") if self.subject else None

    def _gone(self, error: RPCError) -> CallError:
        return self.ended if self.ended and "already completed" in error.message else self.not_found


class WorkflowClient:
    """Base of the clients. Queries are answered as of `wall_clock`: between tasks a workflow does not know the time."""

    def __init__(self, client: Client, task_queue: str, wall_clock: Callable[[], datetime] | None = None) -> None:
        self._client = client
        self.test_clocks = ClockPermit(client)
        self._task_queue = task_queue
        self._wall_clock = wall_clock

    def _as_of(self) -> tuple[datetime, ...]:
        """The optional last argument of a query that depends on the time."""
        return (self._wall_clock(),) if self._wall_clock else ()
