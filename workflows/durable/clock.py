"""The time of a long-lived workflow, and its sleep; a test clock moves it."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field
from temporalio import workflow

from domain.values import Strict
from workflows.durable import options


class TestClock(Strict):
    """Lets a subscription live at another time than now, and lets a command say when it is accepted."""

    __test__ = False

    offset_seconds: Annotated[int, Field(ge=-(10**10), le=10**10)] = 0
    offset_microseconds: Annotated[int, Field(ge=0, lt=1_000_000)] = 0

    @property
    def offset(self) -> timedelta:
        """How far the subscription's clock is ahead of the workflow's."""
        return timedelta(seconds=self.offset_seconds, microseconds=self.offset_microseconds)

    @classmethod
    def ahead_by(cls, offset: timedelta) -> "TestClock":
        """A clock that is so far ahead; behind where negative."""
        whole, micros = divmod(offset // timedelta(microseconds=1), 1_000_000)
        return cls(offset_seconds=whole, offset_microseconds=micros)


def offset_of(test_clock: TestClock | None) -> timedelta:
    """How far the test clock is ahead; nothing without one."""
    return test_clock.offset if test_clock else timedelta(0)


class Clock:
    """The workflow's time, moved by its test clock where it has one."""

    def __init__(self, test: TestClock | None) -> None:
        self.test = test
        self._timer: asyncio.Task[None] | None = None
        self._timer_for: tuple[datetime, str] | None = None

    def time(self, as_of: datetime | None = None) -> datetime:
        """The time of the current task, or `as_of` (a caller's wall clock), both moved by the test clock."""
        return (as_of or workflow.now()) + offset_of(self.test)

    async def sleep_until(self, at: datetime, awake: Callable[[], bool], summary: str) -> None:
        """Sleep until about the instant, or until `awake`; `summary` labels the timer. The caller looks at the time.

        A timer is no proof that its instant has come: the code that started it may have had another instant in mind.
        If the clock stands more than COARSEST_TIMER before it, a short timer brings a fresh task.
        """
        timer = self._timer_until(at, summary)
        await workflow.wait_condition(lambda: timer.done() or awake())
        if not awake() and at - self.time() > options.COARSEST_TIMER:
            await workflow.sleep(options.FRESH_LOOK, summary="the timer fired early: look at the clock again")

    def _timer_until(self, at: datetime, summary: str) -> asyncio.Task[None]:
        """The timer, kept while its instant and summary stay the same: one that is started anew costs two events."""
        wanted = at - offset_of(self.test), summary
        if self._timer is None or self._timer.done() or self._timer_for != wanted:
            if self._timer is not None:
                self._timer.cancel()
            timeout = max(at - self.time(), options.SHORTEST_TIMER)
            self._timer, self._timer_for = asyncio.create_task(workflow.sleep(timeout, summary=summary)), wanted
        return self._timer
