"""j. A worker that is killed again and again while lives renew: rows doubled, rows missing, the longest silence."""

import asyncio
import time
from dataclasses import dataclass

from benchmarks.report import Figure, Must, Samples
from benchmarks.scene import Bench, Scene, a_scene, each
from benchmarks.sides import LOOK, Side

GROUP = "j"
TITLE = "killed"
MONTHS = 12
WORKS = 1.5
"""Seconds that a new worker works, from its first row, before it is killed."""
LIVES_PER_KILL = 12
GIVE_UP = 120.0
"""Seconds without a row after which what is not there is missing."""


@dataclass
class Suffered:
    """What the books say after it."""

    doubled: int
    missing: int
    silence: float


async def measure(bench: Bench) -> list[Figure]:
    """One turn, with many kills. Rows are looked for every 20 ms."""
    kills = bench.of(2, 20)
    found: dict[str, Suffered] = {}
    async with a_scene(bench) as scene:
        for side in scene.sides:
            found[side.name] = await _suffered(bench, scene, side, kills)

    def samples(value: str) -> Samples:
        return Samples(*([float(getattr(found[side], value))] for side in Samples._fields))

    name = f"worker killed {kills} times"
    return [
        Figure(GROUP, f"{name}: rows doubled", "", samples("doubled"), Must(0)),
        Figure(GROUP, f"{name}: rows missing", "", samples("missing"), Must(0)),
        Figure(GROUP, f"{name}: longest silence", "s", samples("silence"), Must(4)),
    ]


async def _suffered(bench: Bench, scene: Scene, side: Side, kills: int) -> Suffered:
    names = await scene.begun(side, [f"killed-{number}" for number in range(kills * bench.of(6, LIVES_PER_KILL))])
    rows = expected = side.rows
    expected += len(names) * MONTHS
    await each(names, lambda name: side.skip(name, MONTHS))
    silence, last, killed, works_since = 0.0, time.perf_counter(), 0, 0.0
    while side.rows - side.doubled < expected:
        await asyncio.sleep(LOOK)
        now, seen = time.perf_counter(), side.rows
        if seen > rows:
            silence, last, rows = max(silence, now - last), now, seen
            works_since = works_since or now
        if works_since and now - works_since > WORKS and killed < kills:
            side.worker.kill()
            side.worker.launch()
            killed, works_since = killed + 1, 0.0
            bench.say(f"killed: {side.name}, {killed} of {kills}, longest silence {silence:.1f} s")
        if now - last > GIVE_UP:
            break
    return Suffered(side.doubled, expected - (side.rows - side.doubled), silence)
