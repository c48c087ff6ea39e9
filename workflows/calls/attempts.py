"""Sends a request again and again until its answer is known, within one deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio.service import RPCError, RPCStatusCode

from workflows.calls.errors import AHEAD_OF_ITS_TASK, CallError, NotAnswered, Rejected, no_worker
from workflows.calls.one_try import HANDED_OVER
from workflows.durable import options

T = TypeVar("T")
USED_UP = "limit on the total number of distinct updates"
"""The server's words for an update of a run that takes no more: the next run takes it."""
FAILED_TASK = "unexpected workflow task failure"
"""The server's words for an update whose task has failed: the next one may take it."""
LATE_TASK = "Workflow Task in failed state"
"""The server's words for a query while a task is tried for the fourth time: it fails, or its worker is slow."""
TOO_SLOW = "TMPRL1101"
"""The SDK's mark of a query whose worker needed more than its two seconds, as on a busy machine."""
LOST = {
    RPCStatusCode.ABORTED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.DATA_LOSS,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.INTERNAL,
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.UNKNOWN,
}
"""The request may have been carried out: its answer is lost, or not known in time."""
UNPROCESSED = "UnprocessedUpdate"
"""The server's own rejection of an update that the worker's answer to its task left out."""
ENDED_MEANWHILE = "AcceptedUpdateCompletedWorkflow"
"""The server's own failure of an update whose run ended before it was answered."""


async def call(
    name: str,
    send: Callable[[timedelta], Awaitable[T]],
    not_found: Callable[[RPCError], CallError],
    *,
    repeatable: bool = True,
) -> T:
    """The answer of the workflow of that name. `send` gets the time that is left.

    What was refused for now is sent again, and what may be lost too, if a repeat has no second effect (`repeatable`):
    after pauses that grow from ASK_AGAIN to ASK_AGAIN_MAX, or after the time that the workflow names, for
    ANSWER_TIMEOUT in all, and for LATE_TASK_PATIENCE where only the workflow's task stands in the way. Raises
    CallError: `not_found` makes the one for a workflow that the server does not find.
    """
    loop = asyncio.get_running_loop()
    left = options.ANSWER_TIMEOUT.total_seconds()
    began = loop.time()
    deadline = began + left
    pause = options.ASK_AGAIN
    while True:
        wait = pause
        failure: CallError
        try:
            return await send(timedelta(seconds=left))
        except RPCError as error:
            failure = _failure(name, error, not_found)
            late = LATE_TASK in error.message and loop.time() - began < options.LATE_TASK_PATIENCE.total_seconds()
            if not (late or _refused(error) or (error.status in LOST and repeatable)):
                raise failure from None
        except Rejected as error:
            if not (_not_now(error) or (error.kind == ENDED_MEANWHILE and repeatable)):
                raise
            wait, failure = max(pause, error.retry_after or pause), NotAnswered(f"{name}: {error}")
        if loop.time() + wait.total_seconds() >= deadline:
            raise failure
        await asyncio.sleep(wait.total_seconds())
        # A busy program may have slept longer, and the SDK takes no timeout below zero.
        if (left := deadline - loop.time()) <= 0:
            raise failure
        pause = min(pause * 2, options.ASK_AGAIN_MAX)


def _refused(error: RPCError) -> bool:
    """Whether the server has refused the request for now: too many are under way, or the run has to end first."""
    return error.status is RPCStatusCode.RESOURCE_EXHAUSTED or USED_UP in error.message or FAILED_TASK in error.message


def _not_now(error: Rejected) -> bool:
    """Whether the workflow can take the same request a little later."""
    return (
        error.kind in {options.BUSY, UNPROCESSED, HANDED_OVER}
        or str(error) in {AHEAD_OF_ITS_TASK, options.READING_BOOKS}
        or TOO_SLOW in str(error)
    )


def _failure(name: str, error: RPCError, not_found: Callable[[RPCError], CallError]) -> CallError:
    """The error for a person."""
    if error.status is RPCStatusCode.NOT_FOUND:
        return not_found(error)
    if _refused(error):
        return NotAnswered(f"{name}: the server has taken no request in time ({error.message}). Try again later.")
    return no_worker(name, f" ({error.message})")
