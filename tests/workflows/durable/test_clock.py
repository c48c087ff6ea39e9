"""A timer that has fired is believed: what is due happens then, whatever the task's own clock says (TIM-5)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import workflow

from workflows.durable import options
from workflows.durable.clock import Clock, TestClock

DUE = datetime(2027, 5, 30, tzinfo=UTC)
WEEKS, COARSE = timedelta(days=16), timedelta(milliseconds=3)


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
    asked, clock = fires(before, fired), Clock(TestClock())
    await clock.sleep_until(DUE, lambda: False, "Renews")
    assert asked == [(max(before, options.SHORTEST_TIMER), "Renews")]
    assert clock.time() == (DUE if reached else DUE - before)
    assert clock.time(DUE + WEEKS) == DUE + WEEKS


async def test_the_test_clock_moves_it_too(fires: Callable[[timedelta, bool], list[Any]]) -> None:
    asked, clock = fires(WEEKS, True), Clock(TestClock.ahead_by(timedelta(days=15)))
    await clock.sleep_until(DUE, lambda: False, "Renews")
    assert asked == [(timedelta(days=1), "Renews")]
    assert clock.time() == DUE
