"""What the books know and a long-lived workflow may not: requests of long ago, and all that came before a reset."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Generic, Protocol, Self, TypeVar
from weakref import WeakValueDictionary

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from domain.subscription.decision import Answer
from domain.values import RequestInstant

L = TypeVar("L")
R = TypeVar("R")
L_invariant = TypeVar("L_invariant")
R_contra = TypeVar("R_contra", contravariant=True)


class Life(Protocol):
    """The state: a value that decisions replace."""

    @property
    def effects(self) -> Sequence[Any]:
        """What is decided and waits to be performed."""

    @property
    def accepted_at(self) -> datetime:
        """The latest instant at which a request was accepted."""

    @property
    def committed(self) -> int:
        """The number of the last recorded event."""

    @property
    def seq(self) -> int:
        """The number of the last event."""

    @property
    def performed(self) -> int:
        """The number of the last event that is recorded and has taken effect."""

    def with_refused_signal(self, answer: Answer) -> Self:
        """The state with the refusal of a signal kept for people to see."""


class Request(Protocol):
    """A request that may say when it is accepted."""

    @property
    def at(self) -> RequestInstant | None:
        """When, where there is a test clock."""


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
        self._order = asyncio.Lock()
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

    @asynccontextmanager
    async def in_turn(self) -> AsyncIterator[None]:
        """Wait until all are done that came before: requests without an answer are decided as they came."""
        self._waiting += 1
        try:
            async with self._order:
                yield
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


RESET_TO_FIRST_TASK: set[str] = set()
"""The runs of this process that begin with a reset: their fences are not there yet."""


class Fence:
    """Up while the books may be ahead of the run: its requests wait until it has looked at them, its queries fail.

    A reset puts it up. `look` goes on from the books where they are ahead, says whether they are, and raises
    ActivityError.
    """

    def __init__(self) -> None:
        run_id = workflow.info().run_id
        self.up = run_id in RESET_TO_FIRST_TASK
        RESET_TO_FIRST_TASK.discard(run_id)
        self.look: Callable[[], Awaitable[bool]] | None = None
        FENCES[run_id] = self

    async def lowered(self) -> None:
        """Wait until it is down."""
        if self.up:
            await workflow.wait_condition(lambda: not self.up)

    async def passed(self) -> bool:
        """Look at the books, and put it down; whether they were ahead. Raises ActivityError."""
        assert self.look is not None
        try:
            return await self.look()
        finally:
            self.up = False


FENCES: WeakValueDictionary[str, Fence] = WeakValueDictionary()
"""The fences of this process by the ids of their runs.

The runner puts one up with the first task after a reset, before the requests that come with it: the workflow itself
would learn of the reset after them.
"""


class Unrecorded(Generic[R]):
    """The requests of this run whose decisions are not recorded yet: they are decided again if the books are ahead."""

    def __init__(self, committed: Callable[[], int]) -> None:
        self._committed = committed
        self._requests: list[tuple[R, int]] = []

    def note(self, request: R, seq: int) -> None:
        """Remember a request that was decided, with the number of the last event after it."""
        self._requests = [each for each in [*self._requests, (request, seq)] if each[1] > self._committed()]

    def taken(self) -> list[R]:
        """Those that are not recorded, in order; they are forgotten here."""
        taken = [request for request, seq in self._requests if seq > self._committed()]
        self._requests = []
        return taken


def for_sender(error: ActivityError) -> ApplicationError:
    """The error of an activity, for the sender of the request."""
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return ApplicationError(cause.message, type=cause.type, non_retryable=True)
    return ApplicationError(str(cause or error), type="NotRecalled", non_retryable=True)
