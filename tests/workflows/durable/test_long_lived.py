"""A timer that has fired is believed: what is due happens then, whatever the task's own clock says (TIM-5)."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import workflow

from workflows.durable import options
from workflows.durable.long_lived import LongLived
from workflows.durable.test_clock import TestClock

DUE = datetime(2027, 5, 30, tzinfo=UTC)
WEEKS, COARSE = timedelta(days=16), timedelta(milliseconds=3)


class Sleeper(LongLived):
    """Nothing but its sleep."""

    takes = (TestClock,)


class Living(Sleeper):
    """Counts who asked Temporal to cancel it."""

    asked = 0

    def _not_by_cancellation(self) -> None:
        self.asked += 1
        assert self.asked < 10, "it goes round for ever"


async def test_a_life_goes_on_whoever_asks_temporal_to_cancel_it() -> None:
    one, over = Living(TestClock()), asyncio.Event()

    async def live() -> str:
        await over.wait()
        return "lived"

    run = asyncio.create_task(one._through_cancellations(live()))
    for _ in range(2):
        await asyncio.sleep(0)
        run.cancel()
    await asyncio.sleep(0)
    over.set()
    assert await run == "lived"
    assert one.asked == 2


async def test_a_run_that_is_taken_from_memory_ends_whatever_it_waits_for() -> None:
    """The SDK cancels every task of it: what waits for an operator, and not for a timer, has to end with them."""
    one, began = Living(TestClock()), asyncio.Event()
    parts: list[asyncio.Task[None] | None] = []

    async def live() -> None:
        parts.append(asyncio.current_task())
        began.set()
        await asyncio.Event().wait()

    run = asyncio.create_task(one._through_cancellations(live()))
    await began.wait()
    (living,) = parts
    assert living is not None
    for task in (run, living):
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert living.cancelled()


def sleeper(clock: TestClock | None = None) -> Sleeper:
    return Sleeper(clock or TestClock())


@pytest.fixture
def fires(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta, bool], list[Any]]:
    """The workflow's clock stands so much before the due instant; whether its timer fires, or something wakes it."""

    def stand(before: timedelta, fired: bool) -> list[Any]:
        asked: list[Any] = []

        async def wait_condition(_: object, *, timeout: timedelta, timeout_summary: str) -> None:
            asked.append((timeout, timeout_summary))
            if fired:
                raise TimeoutError

        monkeypatch.setattr(workflow, "now", lambda: DUE - before)
        monkeypatch.setattr(workflow, "wait_condition", wait_condition)
        return asked

    return stand


@pytest.mark.parametrize(
    ("before", "fired", "reached"),
    [(WEEKS, True, True), (WEEKS, False, False), (COARSE, True, False), (-COARSE, True, False)],
)
async def test_tim_5_a_stale_clock_does_not_put_off_what_a_timer_has_told(
    fires: Callable[[timedelta, bool], list[Any]], before: timedelta, fired: bool, reached: bool
) -> None:
    asked, one = fires(before, fired), sleeper()
    await one._sleep_until(DUE, lambda: False, "Renews")
    assert asked == [(max(before, options.SHORTEST_TIMER), "Renews")]
    assert one._clock_time() == (DUE if reached else DUE - before)
    assert one._clock_time(DUE + WEEKS) == DUE + WEEKS


async def test_the_test_clock_moves_it_too(fires: Callable[[timedelta, bool], list[Any]]) -> None:
    asked, one = fires(WEEKS, True), sleeper(TestClock.ahead_by(timedelta(days=15)))
    await one._sleep_until(DUE, lambda: False, "Renews")
    assert asked == [(timedelta(days=1), "Renews")]
    assert one._clock_time() == DUE
