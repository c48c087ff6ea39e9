"""How people steer a bulk operation: pause, resume, stop, and its rate."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.bulk.operations import BulkState
from workflows.bulk.messages import SetRate
from workflows.durable.operator import Operator
from workflows.durable.options import MAX_REASON


class Steering:
    """The operation's state, and the updates that change it. `again` says that what has failed is to be tried again."""

    def __init__(self, per_second: int, state: BulkState, reason: str | None, *, again: bool) -> None:
        self.per_second = per_second
        self.state = state
        self.reason = reason
        self.again = again

    def become(self, state: BulkState, reason: str | None = None) -> None:
        """Change the state; the reason is for people."""
        self.state, self.reason = state, reason and reason[:MAX_REASON]

    def pause(self, request: Operator) -> str:
        """Pause: nothing more is sent after the batch that is under way."""
        self.become(BulkState.PAUSED, _words("paused", request))
        return "Paused: nothing more is sent after the batch that is under way."

    def check_pause(self, request: Operator) -> None:
        """Raise ApplicationError if it does not run."""
        if self.state is not BulkState.RUNNING:
            raise _not_now(f"It is {self.state.words} already.")

    def resume(self, request: Operator) -> str:
        """Go on: what has failed is tried again first."""
        workflow.logger.info("bulk operation resumed by %s: %s", request.by, request.note)
        self.become(BulkState.RUNNING)
        self.again = True
        return "It goes on; what has failed is tried again."

    def check_resume(self, request: Operator) -> None:
        """Raise ApplicationError if it is not paused."""
        if self.state is not BulkState.PAUSED:
            raise _not_now(f"It is {self.state.words}: there is nothing to resume.")

    def stop(self, request: Operator) -> str:
        """Stop for good after the batch that is under way; what waits then stays untouched."""
        self.become(BulkState.STOPPED, _words("stopped", request))
        return "Stopped: what was not sent yet stays untouched."

    def check_stop(self, request: Operator) -> None:
        """Raise ApplicationError if it has ended."""
        if self.state.final:
            raise _not_now("It has ended already.")

    def set_rate(self, request: SetRate) -> str:
        """Send at most so many items per second from the next batch on."""
        self.per_second = request.per_second
        return f"At most {request.per_second:,} per second from the next batch on."

    def check_set_rate(self, request: SetRate) -> None:
        """Raise ApplicationError if it has ended."""
        if self.state.final:
            raise _not_now("It has ended already.")


def _words(what: str, request: Operator) -> str:
    return f"{what} by {request.by}{f': {request.note}' if request.note else ''}"


def _not_now(words: str) -> ApplicationError:
    return ApplicationError(words, type="NotNow", non_retryable=True)
