"""f. A storm: thousands of renewals due at one instant, by real timers; how long they take and how late they come."""

import asyncio
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from benchmarks.report import NONE, Figure, Must, NotMeasured, Turns, both, times_at_most
from benchmarks.scene import Bench, a_scene, each
from benchmarks.sides import LOOK, Side

GROUP = "f"
TITLE = "storm"
TRIED = 40
"""Lives that are begun first, to see how long beginning all of them takes."""
FAR = timedelta(days=20)
NO_SPREAD = "not measured: the storm does not spread its renewals yet"


class Lateness:
    """When the renewals came, in seconds after they were due, in order."""

    def __init__(self, seconds: list[float]) -> None:
        self._seconds = seconds

    def share(self, percent: int) -> float:
        """The percentile."""
        return self._seconds[(len(self._seconds) - 1) * percent // 100]


async def measure(bench: Bench) -> list[Figure]:
    """One storm of each side per turn, each on a server of its own."""
    count, turns = bench.of((100, 1), (2_000, 3))
    late: Turns[Lateness] = defaultdict(list)
    for turn in range(turns):
        async with a_scene(bench) as scene:
            for side in scene.sides:
                late[side.name].append(await _storm(bench, side, count))
        bench.say(f"storm: turn {turn + 1} of {turns}")
    name = f"storm of {count:,} at one instant"
    return [
        Figure(GROUP, f"{name}: drained after", "s", both(late, lambda one: one.share(100)), times_at_most(1.5)),
        Figure(GROUP, f"{name}: p50 lateness", "s", both(late, lambda one: one.share(50))),
        Figure(GROUP, f"{name}: p99 lateness", "s", both(late, lambda one: one.share(99))),
        Figure(GROUP, f"{name}, spread: p99 after its own instant", "s", NONE, Must(0.5), NO_SPREAD),
    ]


async def _storm(bench: Bench, side: Side, count: int) -> Lateness:
    began, far = time.perf_counter(), datetime.now(UTC) + FAR
    tried = [f"tried-{number}" for number in range(TRIED)]
    await each(tried, lambda name: side.begin(name, due=far))
    await each(tried, side.parked)
    # Half as long again, since the machine may be busier later.
    lead = timedelta(seconds=4 + 1.5 * (time.perf_counter() - began) * count / TRIED)
    due = datetime.now(UTC) + lead
    bench.say(f"storm: {side.name}, due in {lead.total_seconds():.0f} s")
    names = [f"due-{number}" for number in range(count)]
    await each(names, lambda name: side.begin(name, due=due))
    await each(names, side.parked)
    left = (due - datetime.now(UTC)).total_seconds()
    if left < 1:
        raise NotMeasured("the machine took too long to begin the lives before they were due; try again")
    before = side.rows
    await asyncio.sleep(left)
    seconds: list[float] = []
    while len(seconds) < count:
        await asyncio.sleep(LOOK)
        now, done = (datetime.now(UTC) - due).total_seconds(), side.rows - before
        seconds += [now] * (done - len(seconds))
    return Lateness(seconds)
