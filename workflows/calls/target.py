"""What the clients of workflows are built from: queries and updates, with every failure turned into a CallError."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import QueryRejectCondition
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from domain.next_step import Do, NextStep
from workflows.calls.errors import (
    AHEAD_OF_ITS_TASK,
    CallError,
    NotAnswered,
    Rejected,
    WorkflowFailed,
    no_worker,
)
from workflows.calls.runs import ended_from_outside
from workflows.durable import options

T = TypeVar("T")
_TRANSIENT = {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.ABORTED}
_FAILING_TASK = "Workflow Task in failed state"
"""How the server refuses to query a workflow that its workers cannot go on with."""
RETRIES = 5
_RETRY_AFTER = timedelta(milliseconds=200)


@dataclass(frozen=True)
class Target:
    """The workflow to call, its name in error messages, and the errors where it does not exist, or has ended.

    `subject` is the id by which `reconcile` knows what it owns. A workflow that somebody has ended from outside raises
    WorkflowFailed, which says so: its state is no longer true.
    """

    handle: WorkflowHandle[Any, Any]
    name: str
    not_found: CallError
    ended: CallError | None = None
    subject: str | None = None

    async def query(
        self, query: str, result: type[T], args: Sequence[object] = (), *, reject: QueryRejectCondition | None = None
    ) -> T:
        """The query's result. Raises CallError."""

        async def send(timeout: timedelta) -> T:
            try:
                found: T = await self.handle.query(
                    query,
                    args=args,
                    result_type=result,
                    reject_condition=reject or QueryRejectCondition.NOT_COMPLETED_CLEANLY,
                    rpc_timeout=timeout,
                )
            except WorkflowQueryRejectedError:
                if reject is not None:
                    raise
                raise self.ended or self.not_found from None
            return found

        return await self._explained(call(self.name, lambda: ask_twice(send), self._gone))

    async def update(
        self, update: str, request: object, result: type[T], *, update_id: str | None = None, retries: int = RETRIES
    ) -> T:
        """The update's result. A broken connection is retried: without an id, a retry may run the update again.

        Raises CallError.
        """

        async def send() -> T:
            answer: T = await self.handle.execute_update(
                update, request, id=update_id, result_type=result, rpc_timeout=options.ANSWER_TIMEOUT
            )
            return answer

        return await self._explained(call(self.name, send, self._gone, retries=retries))

    async def _explained(self, calling: Awaitable[T]) -> T:
        """The result. Where the workflow is not there any more, the error says what has ended it."""
        try:
            return await calling
        except CallError as error:
            if isinstance(error, NotAnswered) and _FAILING_TASK in str(error):
                words = f"{self.name}: its workflow's task fails, so it answers nothing."
                raise NotAnswered(words, self._reconcile) from None
            if error not in {self.not_found, self.ended}:
                raise
            try:
                how = await ended_from_outside(self.handle)
            except RPCError:
                how = None
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
        self._task_queue = task_queue
        self._wall_clock = wall_clock

    def _as_of(self) -> tuple[datetime, ...]:
        """The optional last argument of a query that depends on the time."""
        return (self._wall_clock(),) if self._wall_clock else ()


async def ask_twice(send: Callable[[timedelta], Awaitable[T]]) -> T:
    """A query's result. A query is lost when its worker dies, so it is sent once more within ANSWER_TIMEOUT."""
    timeout = options.ANSWER_TIMEOUT / 2
    try:
        return await send(timeout)
    except RPCError as error:
        if error.status is not RPCStatusCode.CANCELLED:
            raise
    return await send(timeout)


async def call(
    name: str, send: Callable[[], Awaitable[T]], not_found: Callable[[RPCError], CallError], *, retries: int = RETRIES
) -> T:
    """Send a request to the workflow of that name, with retries after a broken connection and of a query too early.

    Raises CallError: `not_found` makes the one for a workflow that the server does not find.
    """
    for attempt in range(retries + 1):
        try:
            return await send()
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError):
                raise Rejected(cause.message, cause.type) from None
            raise Rejected(str(cause)) from None
        except (WorkflowQueryFailedError, WorkflowQueryRejectedError) as error:
            if str(error) != AHEAD_OF_ITS_TASK or attempt == retries:
                raise Rejected(str(error)) from None
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            raise no_worker(name) from None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise not_found(error) from None
            if error.status not in _TRANSIENT or attempt == retries:
                raise no_worker(name, f" ({error.message})") from None
        await asyncio.sleep(_RETRY_AFTER.total_seconds() * 2**attempt)
    raise AssertionError("unreachable")
