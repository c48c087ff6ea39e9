"""Send the same kind of request to many subscriptions from one activity, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from temporalio import activity

from activities.heartbeats import HEARTBEAT

S = TypeVar("S")

T = TypeVar("T")

AT_ONCE = 10
"""How many calls run at a time."""


async def for_each(items: Sequence[S], act: Callable[[S], Awaitable[T]]) -> list[T]:
    """Call `act` for each item, AT_ONCE at a time, and return the results in the order of the items.

    While calls are under way the activity beats, with the number of those that are done. If calls raise, the first
    error is raised after all calls are done.
    """
    window = asyncio.Semaphore(AT_ONCE)

    async def in_turn(item: S) -> T:
        async with window:
            return await act(item)

    tasks = [asyncio.create_task(in_turn(item)) for item in items]
    try:
        waiting = set(tasks)
        while waiting:
            _, waiting = await asyncio.wait(waiting, timeout=HEARTBEAT.total_seconds())
            if waiting:
                activity.heartbeat(len(tasks) - len(waiting))
    finally:
        for task in tasks:
            task.cancel()
    return [task.result() for task in tasks]
