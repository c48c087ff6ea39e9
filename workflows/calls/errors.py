"""What can go wrong when a workflow is called; each error is one line for a person."""

from datetime import timedelta

from temporalio.service import RPCError, RPCStatusCode

from activities.errors import ServerUnavailable
from domain.next_step import Do, NextStep, PerennialError

AHEAD_OF_ITS_TASK = "The workflow has events that none of its tasks has taken yet. Ask again."
"""How a query fails that came to a worker before the task that takes the workflow's last events."""


class CallError(PerennialError):
    """A call failed; the message is one line for a person."""


class Rejected(CallError):
    """The request is malformed, out of time, or in conflict with an earlier one; nothing was decided.

    `kind` is the type of the workflow's error, where the workflow rejected the request, and `retry_after` the time
    after which the same request can be sent again, where the workflow names one.
    """

    def __init__(
        self,
        message: str,
        kind: str | None = None,
        next_step: NextStep | None = None,
        *,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message, next_step)
        self.kind = kind
        self.retry_after = retry_after


class NotFound(CallError):
    """The server knows no such workflow, or not any more."""


class AlreadyEnded(CallError):
    """The workflow has ended and takes no requests."""


class AlreadyExists(CallError):
    """The id belongs to an earlier workflow."""


class NotAnswered(CallError):
    """No worker answered in time, or the result is not there yet."""


class NeedsAttention(CallError):
    """The workflow waits for an operator; the message says why."""


class WorkflowFailed(CallError):
    """The workflow failed, or was ended from outside; the message is its own error."""


def no_worker(what: str, detail: str = "") -> NotAnswered:
    """The error for a workflow that no worker answers for; `detail` is what the server said."""
    return NotAnswered(f"{what}: no worker answered in time{detail}.", NextStep(Do.START_WORKER))


def server_unavailable(what: str, error: RPCError) -> ServerUnavailable:
    """The error for an activity that asks the server for something, and is tried again."""
    status = RPCStatusCode(error.status).name
    return ServerUnavailable(f"{what}: the Temporal server did not answer ({status}: {error.message})")
