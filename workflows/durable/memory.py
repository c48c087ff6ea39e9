"""Asks the books about requests of long ago that a long-lived workflow may have forgotten."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

L = TypeVar("L")
R = TypeVar("R")
L_invariant = TypeVar("L_invariant")
R_contra = TypeVar("R_contra", contravariant=True)


class Memory(Protocol[L_invariant, R_contra]):
    """What a state has forgotten of long ago, and the books have not."""

    def lacks(self, life: L_invariant, request: R_contra) -> bool:
        """Whether the request may repeat one that the state does not know."""

    async def recall(self, request: R_contra) -> Callable[[L_invariant], L_invariant]:
        """Ask the books. The result gives a state what they know of it. Raises ActivityError."""


class Recalls(Generic[L, R]):
    """The requests that wait for the books before they are decided."""

    def __init__(self, memory: Memory[L, R]) -> None:
        self.lacks = memory.lacks
        self._memory = memory
        self._waiting = 0
        self.leaving = False
        """Whether the run is about to end: a request that would have to wait is for the next one."""

    @property
    def waiting(self) -> bool:
        """Whether a request waits for the books."""
        return self._waiting > 0

    async def of(self, request: R) -> Callable[[L], L]:
        """What gives the state the request's first answer, if there is one. Raises ActivityError."""
        self._waiting += 1
        try:
            return await self._memory.recall(request)
        finally:
            self._waiting -= 1

    async def done(self) -> None:
        """Wait until no request waits for the books: a run that ended before would leave it without an answer.

        Meanwhile the run is `leaving`, so that the wait ends however many requests come.
        """
        if not self.waiting:
            return
        self.leaving = True
        await workflow.wait_condition(lambda: not self.waiting)
        self.leaving = False


def for_sender(error: ActivityError) -> ApplicationError:
    """The error of an activity, for the sender of the request."""
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return ApplicationError(cause.message, type=cause.type, non_retryable=True)
    return ApplicationError(str(cause or error), type="NotRecalled", non_retryable=True)
