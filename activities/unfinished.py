"""The activities that a worker has begun and not finished: under way, or to be tried again after a failure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.wall_clock import wall_clock

FORGOTTEN_AFTER = timedelta(minutes=5)
"""After the last attempt here: another worker has it now. The longest pause between attempts is a minute."""
KEPT = 1_000
"""From how many activities of a type on it is forgotten with each attempt, also where nobody reads the metrics."""


class Since(NamedTuple):
    """When an activity was scheduled, and when this worker last attempted it."""

    scheduled: datetime
    seen: datetime


class Waiting(NamedTuple):
    """How many activities of a type wait, and for how long the one that waits longest."""

    number: int
    oldest: timedelta


class Unfinished(Interceptor):
    """Keeps account of the activities that this worker has begun. An effect is performed by one activity."""

    def __init__(self, clock: Callable[[], datetime] = wall_clock) -> None:
        self._clock = clock
        self._since: dict[str, dict[tuple[str, str], Since]] = {}

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """Each attempt is noted when it begins and when it ends."""
        return _Noted(next, self)

    def begun(self, kind: str, key: tuple[str, str], scheduled: datetime) -> None:
        """An attempt begins."""
        each = self._since.setdefault(kind, {})
        if len(each) >= KEPT:
            self._forget(each)
        each[key] = Since(scheduled, self._clock())

    def done(self, kind: str, key: tuple[str, str]) -> None:
        """The activity will not be attempted again."""
        self._since.get(kind, {}).pop(key, None)

    def waiting(self) -> dict[str, Waiting]:
        """What waits now, by the type of the activity; with 0 what has waited before."""
        now = self._clock()
        found = {}
        for kind, each in self._since.items():
            self._forget(each)
            oldest = min((since.scheduled for since in each.values()), default=now)
            found[kind] = Waiting(len(each), max(now - oldest, timedelta(0)))
        return found

    def _forget(self, each: dict[tuple[str, str], Since]) -> None:
        """Drop what has not been attempted here for long."""
        earliest = self._clock() - FORGOTTEN_AFTER
        for key in [key for key, since in each.items() if since.seen < earliest]:
            del each[key]


class _Noted(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, unfinished: Unfinished) -> None:  # noqa: A002  the SDK's name
        super().__init__(next)
        self._unfinished = unfinished

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  the SDK's name
        info = activity.info()
        kind, key = info.activity_type, (info.workflow_run_id or "", info.activity_id)
        self._unfinished.begun(kind, key, info.scheduled_time)
        try:
            result = await super().execute_activity(input)
        except ApplicationError as error:
            if error.non_retryable:
                self._unfinished.done(kind, key)
            raise
        self._unfinished.done(kind, key)
        return result
