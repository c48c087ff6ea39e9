"""What workflows that live for years have in common: whatever happens to them, they neither fail nor stop."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError

from workflows.durable import options
from workflows.durable.operator import Operator
from workflows.durable.search_attributes import Changing
from workflows.durable.start_guard import OneRequest
from workflows.durable.test_clock import TestClock

T = TypeVar("T")
MAX_REASON = 200
NO_OFFSET = timedelta(0)


class LongLived(OneRequest):
    """Base of subscription and account. `_show`, `_not_by_cancellation` and `_take_signal` are theirs to define."""

    def __init__(self, clock: TestClock | None) -> None:
        self._clock = clock
        self._reached: datetime | None = None
        self._attention: str | None = None
        self._retry_wanted = False
        self._new_run_wanted = False
        self._inbox: deque[tuple[str, Sequence[RawValue]]] = deque()
        self._emptying: asyncio.Task[None] | None = None
        self._task, self._taken, self._received = 0, 0, 0

    def _show(self) -> None:
        """Tell people how it stands."""
        raise NotImplementedError

    def _not_by_cancellation(self) -> None:
        """Note that Temporal's own cancellation was asked for: it ends nothing."""
        raise NotImplementedError

    def _take_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """Read the signal and decide it, or note why not."""
        raise NotImplementedError

    def _receive(self, name: str, args: Sequence[RawValue]) -> None:
        """Take the signal, or put it by for the next task: all that come with one have to be done within two seconds.

        A task that takes longer fails and is tried again, with more signals each time: it would never end.
        """
        self._received += 1
        task = workflow.info().get_current_history_length()
        if task != self._task:
            self._task, self._taken = task, 0
        if self._inbox or self._taken >= options.SIGNALS_AT_ONCE:
            self._inbox.append((name, args))
            if self._emptying is None:
                self._emptying = asyncio.create_task(self._empty_inbox())
            return
        self._taken += 1
        self._take_signal(name, args)

    async def _empty_inbox(self) -> None:
        """So many a task, in their order. What is decided meanwhile by update comes before them."""
        while self._inbox:
            await workflow.sleep(options.SHORTEST_TIMER, summary=f"{len(self._inbox)} signals are waiting")
            for _ in range(min(len(self._inbox), options.SIGNALS_AT_ONCE)):
                self._take_signal(*self._inbox.popleft())
        self._emptying = None

    def _run_is_too_full(self) -> bool:
        return workflow.info().is_continue_as_new_suggested() or self._received >= options.SIGNALS_PER_RUN

    async def _inbox_emptied(self) -> None:
        await workflow.wait_condition(lambda: not self._inbox)

    def _clock_time(self, as_of: datetime | None = None) -> datetime:
        """The workflow's own time, or the sender's wall clock, moved by the test clock."""
        now = (as_of or workflow.now()) + (self._clock.offset if self._clock else NO_OFFSET)
        return max(now, self._reached) if self._reached else now

    async def _sleep_until(self, at: datetime, awake: Callable[[], bool], summary: str) -> None:
        """Sleep to the instant, or until something wakes it.

        Where the timer has fired the instant has come, whatever the task's own clock says: seen once behind a killed
        worker, that clock stood at the task before, and sleeping again would have put off what was due for weeks.
        """
        timeout = max(at - self._clock_time(), options.SHORTEST_TIMER)
        try:
            await workflow.wait_condition(awake, timeout=timeout, timeout_summary=summary)
        except TimeoutError:
            if at - self._clock_time() > options.COARSEST_TIMER:
                self._reached = at

    async def _through_cancellations(self, living: Coroutine[Any, Any, T]) -> T:
        """The result of living on, whoever asks Temporal to cancel it."""
        task = asyncio.create_task(living)
        while True:
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                if task.done():
                    # Not asked for: the run is taken from the worker's memory, and what it was doing with it.
                    raise
                self._not_by_cancellation()

    async def _wait_for_an_operator(self, error: ActivityError) -> None:
        """A permanent error leaves the effect at the head: nothing is skipped, nothing is lost."""
        cause = error.cause if isinstance(error.cause, ApplicationError) else error
        self._attention = f"{error.activity_type}: {cause.message}"[:MAX_REASON]
        self._retry_wanted = False
        workflow.logger.error("an effect failed for good: %s", self._attention)
        self._show()
        await workflow.wait_condition(lambda: self._retry_wanted)
        self._attention = None

    @staticmethod
    def _upsert(wanted: Changing) -> None:
        """A new run has the attributes of the one before: they are upserted only when one changes."""
        known = workflow.info().typed_search_attributes
        changed = [
            key.value_set(value) if value is not None else key.value_unset()
            for key, value in wanted.items()
            if known.get(key) != value
        ]
        if changed:
            workflow.upsert_search_attributes(changed)

    def _try_again(self, request: Operator) -> str:
        """An operator has mended what stopped the first effect."""
        workflow.logger.info("retry wanted by %s: %s", request.by, request.note)
        self._retry_wanted = True
        return f"Trying again: {self._attention}"

    def _check_try_again(self) -> None:
        if self._attention is None:
            raise ApplicationError("Nothing needs attention: there is no effect to retry.", type="NothingToRetry")

    def _want_new_run(self, request: Operator) -> str:
        """An operator wants the code that the workers run now."""
        workflow.logger.info("migration wanted by %s: %s", request.by, request.note)
        self._new_run_wanted = True
        return "Continues as new as soon as no effect is waiting."
