"""A timer that has fired proves nothing: only the clock says what is due (TIM-5)."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from temporalio import workflow

from workflows.durable import options
from workflows.durable.clock import Clock, TestClock

DUE = datetime(2027, 5, 30, tzinfo=UTC)
WEEKS, COARSE = timedelta(days=16), timedelta(milliseconds=3)


class Server:
    """The workflow's clock, and its timers: when each fires, and by how much before its time the first one does."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.early = timedelta()
        self.asked: list[tuple[timedelta, str]] = []
        self.fires = asyncio.Event()
        self.fires.set()

    async def wait_condition(self, met: Callable[[], bool]) -> None:
        while not met():
            await asyncio.sleep(0)

    async def sleep(self, duration: timedelta, *, summary: str) -> None:
        self.asked.append((duration, summary))
        await self.fires.wait()
        self.now += duration - self.early
        self.early = timedelta()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server(DUE - WEEKS)
    monkeypatch.setattr(workflow, "now", lambda: made.now)
    monkeypatch.setattr(workflow, "wait_condition", made.wait_condition)
    monkeypatch.setattr(workflow, "sleep", made.sleep)
    return made


FRESH = (options.FRESH_LOOK, "the timer fired early: look at the clock again")


@pytest.mark.parametrize(
    ("early", "looks"),
    [(timedelta(), []), (COARSE, []), (timedelta(days=1), [FRESH]), (timedelta(seconds=2), [FRESH])],
)
async def test_tim_5_a_timer_that_fires_early_is_looked_at_again_on_a_fresh_task(
    server: Server, early: timedelta, looks: list[tuple[timedelta, str]]
) -> None:
    server.early = early
    clock = Clock(None)
    await clock.sleep_until(DUE, lambda: False, "Renews")
    assert server.asked == [(WEEKS, "Renews"), *looks]
    assert clock.time() == DUE - early + len(looks) * options.FRESH_LOOK, "the clock is never moved on"


async def test_something_else_wakes_it(server: Server) -> None:
    server.fires.clear()
    clock = Clock(None)
    await clock.sleep_until(DUE, lambda: True, "Renews")
    assert clock.time() == DUE - WEEKS


@pytest.mark.parametrize(
    ("at", "summary", "timers"),
    [
        (DUE, "Renews", [WEEKS]),
        (DUE, "Renews at another price", [WEEKS, WEEKS]),
        (DUE + COARSE, "Renews", [WEEKS, WEEKS + COARSE]),
    ],
    ids=["nothing changed", "another summary", "another instant"],
)
async def test_the_timer_is_kept_while_nothing_that_it_says_changes(
    server: Server, at: datetime, summary: str, timers: list[timedelta]
) -> None:
    """A timer that is cancelled and started anew is two events, and an action."""
    server.fires.clear()
    clock = Clock(None)
    for _ in range(3):
        await clock.sleep_until(DUE, once_asked(server), "Renews")
    await clock.sleep_until(at, once_asked(server, len(timers)), summary)
    assert [timeout for timeout, _ in server.asked] == timers
    server.fires.set()
    await clock.sleep_until(at, lambda: False, summary)
    assert clock.time() == at, "the timer of before is cancelled, and this one fires"


def once_asked(server: Server, timers: int = 1) -> Callable[[], bool]:
    """As soon as the server has so many timers."""
    return lambda: len(server.asked) == timers


async def test_a_timer_that_has_fired_is_not_kept(server: Server) -> None:
    clock = Clock(None)
    await clock.sleep_until(DUE, lambda: False, "Renews")
    server.now = DUE - WEEKS
    await clock.sleep_until(DUE, lambda: False, "Renews")
    assert [timeout for timeout, _ in server.asked] == [WEEKS, WEEKS]


async def test_what_is_due_already_is_waited_for_once_more(server: Server) -> None:
    server.now = DUE + COARSE
    await Clock(None).sleep_until(DUE, lambda: False, "Renews")
    assert server.asked == [(options.SHORTEST_TIMER, "Renews")]


async def test_the_test_clock_moves_it_too(server: Server) -> None:
    clock = Clock(TestClock.ahead_by(timedelta(days=15)))
    await clock.sleep_until(DUE, lambda: False, "Renews")
    assert server.asked == [(timedelta(days=1), "Renews")]
    assert clock.time() == DUE
    assert clock.time(DUE + WEEKS) == DUE + WEEKS + timedelta(days=15)
