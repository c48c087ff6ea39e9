"""One loop looks again and again, with pauses that grow, until something is there or the time is spent."""

import asyncio
from datetime import timedelta

import pytest

from workflows.calls.errors import NotAnswered
from workflows.calls.waiting import Pauses, poll
from workflows.durable import options

MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "POLL_INTERVAL", MILLISECOND)
    monkeypatch.setattr(options, "POLL_INTERVAL_MAX", 4 * MILLISECOND)


async def test_it_looks_until_something_is_there() -> None:
    looks = iter([None, None, "committed"])

    async def look() -> str | None:
        return next(looks)

    assert await poll(look, timedelta(seconds=1), "not yet") == "committed"


async def test_it_gives_up_with_its_message() -> None:
    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1

    with pytest.raises(NotAnswered, match="s-1: event 3 is not in the books"):
        await poll(look, 6 * MILLISECOND, "s-1: event 3 is not in the books")
    assert looks == 4, "after pauses of 1, 2 and 4 milliseconds"


async def test_the_pauses_begin_again_where_something_moves() -> None:
    pauses = Pauses(2 * MILLISECOND)
    for _ in range(3):
        await pauses.next(NotAnswered(""))
        await pauses.next(NotAnswered(""))
        pauses.restart()
    await pauses.next(NotAnswered(""))
    await pauses.next(NotAnswered(""))
    with pytest.raises(NotAnswered):
        await pauses.next(NotAnswered(""))


async def test_a_result_ends_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "POLL_INTERVAL", timedelta(hours=1))
    result = asyncio.get_running_loop().create_future()
    result.set_result("ended")
    async with asyncio.timeout(5):
        await Pauses(timedelta(hours=2), result).next(NotAnswered(""))
