"""Lets callers wait until an event is in the books, so that they need not look again and again."""

from typing import Annotated, Any

from pydantic import Field
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.values import Frozen, Strict
from workflows.durable import options
from workflows.durable.decisions import Decisions
from workflows.durable.operator import OperatorWait

NEEDS_ATTENTION = "NeedsAttention"
"""The type of the error of a wait that only an operator can end."""


class AwaitCommitted(Strict):
    """Wait until the event of that sequence number, and all before it, are in the books and have taken effect."""

    seq: Annotated[int, Field(ge=1, le=10**9)]


class Committed(Frozen):
    """The number of the last event that is in the books and has taken effect."""

    seq: int


COMMITTED_UPDATES: dict[str, type[Strict]] = {"committed": AwaitCommitted}
"""The update of `CommitWaits`, and the request that it takes."""


class CommitWaits:
    """Part of a workflow that decides. It changes nothing, and no wait holds up the workflow or the end of its run."""

    def __init__(self, decisions: Decisions[Any, Any], operator: OperatorWait) -> None:
        self._decisions = decisions
        self._operator = operator
        self._waiting = 0
        self._leaving = False

    async def committed(self, request: AwaitCommitted) -> Committed:
        """Wait until an event, and all before it, are in the books and have taken effect.

        An ApplicationError of type `Busy` asks for the same request again: the run has ended meanwhile.
        """
        # The server counts it like any other update.
        self._decisions.answered += 1
        self._waiting += 1
        try:
            while not self._performed(request.seq):
                if error := self._in_vain(request.seq):
                    raise error
                await workflow.wait_condition(lambda: self._performed(request.seq) or bool(self._in_vain(request.seq)))
        finally:
            self._waiting -= 1
        return Committed(seq=self._decisions.life.performed)

    def check_committed(self, request: AwaitCommitted) -> None:
        """Raise ApplicationError where the wait would not end, and of type `Busy` where it can begin a little later."""
        self._decisions.check_room(full=self._decisions.fence.up)
        if self._performed(request.seq):
            return
        if error := self._in_vain(request.seq):
            raise error
        if self._waiting >= options.MOST_WAITS:
            raise _later(f"{self._waiting} callers wait for the books already: ask again.")

    async def ended(self) -> None:
        """End all waits, right before the run ends: the server fails what it leaves without an answer."""
        if not self._waiting:
            return
        self._leaving = True
        await workflow.wait_condition(lambda: not self._waiting)
        self._leaving = False

    def _performed(self, seq: int) -> bool:
        return bool(self._decisions.life.performed >= seq)

    def _in_vain(self, seq: int) -> ApplicationError | None:
        """Why waiting for the event, which is not done, leads to nothing here; None if it does not."""
        if seq > (last := self._decisions.life.seq):
            words = f"event {seq} does not exist, or not any more: the last one is {last}."
            return ApplicationError(f"{words} Look what the books have.", type="NoSuchEvent", non_retryable=True)
        if self._operator.attention:
            return ApplicationError(self._operator.attention, type=NEEDS_ATTENTION, non_retryable=True)
        return _later("The run ends here: send the same request again.") if self._leaving else None


def _later(words: str) -> ApplicationError:
    return ApplicationError(words, type=options.BUSY)
