"""Send updates and queries to a workflow, and turn every failure into one line for a person."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio.client import (
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from workflows.durable import options

T = TypeVar("T")
_TRANSIENT = {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.ABORTED}
RETRIES = 5
_RETRY_AFTER = timedelta(milliseconds=200)


class SubscriptionError(Exception):
    """What went wrong, in one line for a person."""


class Rejected(SubscriptionError):
    """The request was malformed or out of time; nothing was decided."""


class NotAnswered(SubscriptionError):
    """No worker answered in time."""


async def looked(send: Callable[[timedelta], Awaitable[T]]) -> T:
    """A query's answer. One that its worker has died with is lost, so it is asked once more within ANSWER_TIMEOUT."""
    patience = options.ANSWER_TIMEOUT / 2
    try:
        return await send(patience)
    except RPCError as error:
        if error.status is not RPCStatusCode.CANCELLED:
            raise
    return await send(patience)


async def asked(
    what: str,
    send: Callable[[], Awaitable[T]],
    missing: Callable[[RPCError], SubscriptionError],
    *,
    retries: int = RETRIES,
) -> T:
    """Send, trying again on a broken connection; every failure becomes one line, `missing` the one of no workflow."""
    for attempt in range(retries + 1):
        try:
            return await send()
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            raise Rejected(cause.message if isinstance(cause, ApplicationError) else str(cause)) from None
        except (WorkflowQueryFailedError, WorkflowQueryRejectedError) as error:
            raise Rejected(str(error)) from None
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            raise NotAnswered(no_worker(what)) from None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise missing(error) from None
            if error.status not in _TRANSIENT or attempt == retries:
                raise NotAnswered(f"{no_worker(what)} ({error.message})") from None
            await asyncio.sleep(_RETRY_AFTER.total_seconds() * 2**attempt)
    raise AssertionError("unreachable")


def no_worker(what: str) -> str:
    """What to say where nobody takes a workflow's tasks."""
    return f"{what}: nobody answered in time. Is a worker running (make dev)?"
