"""Send the same kind of request to many subscriptions from one activity, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from temporalio import activity

S = TypeVar("S")

T = TypeVar("T")

AT_ONCE = 10
"""How many are told at a time."""

HEARTBEAT = timedelta(seconds=1)


async def for_each(crowd: Sequence[S], tell: Callable[[S], Awaitable[T]]) -> list[T]:
    """What came of telling each, in their order. Raises what the first of them raises, once all have been told."""
    window = asyncio.Semaphore(AT_ONCE)

    async def in_turn(one: S) -> T:
        async with window:
            return await tell(one)

    tasks = [asyncio.create_task(in_turn(one)) for one in crowd]
    try:
        waiting = set(tasks)
        while waiting:
            _, waiting = await asyncio.wait(waiting, timeout=HEARTBEAT.total_seconds())
            activity.heartbeat(len(tasks) - len(waiting))
    finally:
        for task in tasks:
            task.cancel()
    return [task.result() for task in tasks]
