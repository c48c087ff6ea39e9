"""What operators ask of workflows, and the wait of a workflow for an operator."""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from domain.values import Strict
from statemachines.subscription.not_now import NotNow
from workflows.durable.options import MAX_REASON


class Operator(Strict):
    """An operator's request: who asks, and why."""

    by: Annotated[str, Field(min_length=1, max_length=64)]
    note: Annotated[str, Field(max_length=1024)] = ""


class RequestNewRun(Operator):
    """Continue as new, with whatever waits; an operator's way in when the run takes no more updates."""


class OperatorWait:
    """Waits for an operator after a permanent error of an effect, or when nothing may be decided.

    `show` updates what people see of the workflow. An `urgent` run ends the wait: the next run tries again, and waits
    anew if it has to.
    """

    def __init__(self, show: Callable[[], None], urgent: Callable[[], bool]) -> None:
        self._show = show
        self._urgent = urgent
        self._retry_wanted = False
        self.attention: str | None = None
        """What the operator has to fix; None while nothing waits."""

    async def after(self, error: ActivityError | NotNow) -> None:
        """Wait until an operator wants another try. An effect stays first in line: nothing is skipped or lost."""
        self.attention = _words(error)[:MAX_REASON]
        self._retry_wanted = False
        workflow.logger.error("waits for an operator: %s", self.attention)
        self._show()
        await workflow.wait_condition(lambda: self._retry_wanted or self._urgent())
        self.attention = None

    def retry_effect(self, request: Operator) -> str:
        """Try the effect that failed for good once more, after its cause is fixed."""
        workflow.logger.info("retry wanted by %s: %s", request.by, request.note)
        self._retry_wanted = True
        return f"Trying again: {self.attention}"

    def check_retry_effect(self, request: Operator) -> None:
        """Raise ApplicationError where no effect has failed."""
        if self.attention is None:
            raise ApplicationError("Nothing needs attention: there is no effect to retry.", type="NothingToRetry")


def _words(error: ActivityError | NotNow) -> str:
    """What the operator has to fix."""
    if isinstance(error, NotNow):
        return str(error)
    cause = error.cause if isinstance(error.cause, ApplicationError) else error
    return f"{error.activity_type}: {cause.message}"
