"""The activities that a worker has begun and not finished."""

from datetime import datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.unfinished import FORGOTTEN_AFTER, Unfinished, Waiting

SECOND = timedelta(seconds=1)
SCHEDULED = ActivityEnvironment.default_info().scheduled_time


class Clock:
    now: datetime = SCHEDULED + SECOND

    def __call__(self) -> datetime:
        return self.now


class Performed(ActivityInboundInterceptor):
    """The activity: fails, or looks at what is unfinished."""

    def __init__(self, unfinished: Unfinished, error: Exception | None = None) -> None:
        self.unfinished, self.error = unfinished, error
        self.seen: dict[str, Waiting] = {}

    async def execute_activity(self, input: ExecuteActivityInput) -> None:  # noqa: A002
        self.seen = self.unfinished.waiting()
        if self.error:
            raise self.error


async def attempt(unfinished: Unfinished, error: Exception | None = None) -> dict[str, Waiting]:
    """What is unfinished during an attempt that ends with the error."""
    performed = Performed(unfinished, error)
    interceptor = unfinished.intercept_activity(performed)
    wanted = ExecuteActivityInput(fn=print, args=[], executor=None, headers={})
    run = ActivityEnvironment().run
    if error is None:
        await run(interceptor.execute_activity, wanted)
    else:
        with pytest.raises(type(error)):
            await run(interceptor.execute_activity, wanted)
    return performed.seen


async def test_it_waits_until_it_is_done() -> None:
    unfinished = Unfinished(Clock())
    assert unfinished.waiting() == {}
    assert await attempt(unfinished) == {"unknown": Waiting(1, SECOND)}
    assert unfinished.waiting() == {"unknown": Waiting(0, timedelta(0))}


@pytest.mark.parametrize("error", [ApplicationError("later"), RuntimeError("unexpected")])
async def test_after_a_failure_it_waits_for_its_next_attempt(error: Exception) -> None:
    clock = Clock()
    unfinished = Unfinished(clock)
    await attempt(unfinished, error)
    assert unfinished.waiting() == {"unknown": Waiting(1, SECOND)}
    clock.now += 60 * SECOND
    assert unfinished.waiting() == {"unknown": Waiting(1, 61 * SECOND)}
    await attempt(unfinished)
    assert unfinished.waiting()["unknown"].number == 0


async def test_what_is_not_tried_again_does_not_wait() -> None:
    """It needs attention instead."""
    unfinished = Unfinished(Clock())
    await attempt(unfinished, ApplicationError("never", non_retryable=True))
    assert unfinished.waiting()["unknown"].number == 0


async def test_what_another_worker_has_taken_over_is_forgotten() -> None:
    clock = Clock()
    unfinished = Unfinished(clock)
    await attempt(unfinished, ApplicationError("later"))
    clock.now += FORGOTTEN_AFTER + SECOND
    assert unfinished.waiting() == {"unknown": Waiting(0, timedelta(0))}


async def test_it_does_not_grow_where_nobody_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activities.unfinished.KEPT", 3)
    clock = Clock()
    unfinished = Unfinished(clock)
    for number in range(20):
        unfinished.begun("record", (f"run-{number}", "1"), SCHEDULED)
        clock.now += FORGOTTEN_AFTER / 2
    assert unfinished.waiting()["record"].number <= 3
    assert sum(len(each) for each in unfinished._since.values()) <= 3
