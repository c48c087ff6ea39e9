"""h. Growth: with 1,000, 10,000 and 50,000 open subscriptions, memory, the latency of a command, the cost of a renewal.

Each is begun and parked by the worker, which takes tens of minutes; `--quick` stops at 300. Beside each size the bare
engine's few lives are measured on the same server, so that a machine that is busier later does not look like growth.
"""

import time
from dataclasses import dataclass
from statistics import median

from benchmarks.machine import resident_kb
from benchmarks.report import Figure, Must, Samples
from benchmarks.scene import Bench, Scene, a_scene, each
from benchmarks.sides import Side

GROUP = "h"
TITLE = "growth"
SIZES = (1_000, 10_000, 50_000)
BATCH = 500
SAMPLE = 60
"""Lives that are commanded, and renewed, at each size: spread over all of them, so that most are evicted."""
MONTHS = 3
AT_ONCE = 10
FLAT = Must(1.3)
LOOKED = {
    "evicted": "p50 of a command, evicted or not",
    "cached": "p50 of a command, cached",
    "renewal": "CPU of a renewal",
}


@dataclass
class Look:
    """What one side shows at one size, in milliseconds."""

    evicted: float
    cached: float
    renewal: float


@dataclass
class Size:
    """What was measured with so many open."""

    open: int
    ours: Look
    bare: Look
    worker_mb: float
    server_mb: float

    def beside(self, value: str) -> float:
        """Ours to the bare engine's."""
        return float(getattr(self.ours, value) / getattr(self.bare, value))


async def measure(bench: Bench) -> list[Figure]:
    """The figures of each size, and how the largest compares with the smallest."""
    found: list[Size] = []
    async with a_scene(bench) as scene:
        opened: list[str] = []
        looked_at: set[str] = set()
        for size in bench.of((100, 300), SIZES):
            began, before = time.perf_counter(), len(opened)
            while len(opened) < size:
                names = [f"open-{number}" for number in range(len(opened), min(len(opened) + BATCH, size))]
                opened += await scene.begun(scene.ours, names)
                rate = (len(opened) - before) / (time.perf_counter() - began)
                bench.say(f"growth: {len(opened):,} of {size:,} open, {rate:.0f}/s")
            found.append(await _measured(scene, opened, looked_at))
    return [figure for size in found for figure in _figures(size)] + _compared(found[0], found[-1])


async def _measured(scene: Scene, opened: list[str], looked_at: set[str]) -> Size:
    """Look at lives that lie evenly between the first and the last, but for those that were looked at before."""
    size = len(opened)
    megabytes = [resident_kb(pid) / 1024 for pid in (scene.ours.worker.pid, scene.server.endpoints.pid)]
    beside = await scene.begun(scene.bare, [f"beside-{size}-{number}" for number in range(SAMPLE)])
    fresh = [name for name in opened if name not in looked_at]
    spread = [fresh[place * len(fresh) // SAMPLE] for place in range(SAMPLE)]
    looked_at.update(spread)
    bare, ours = await _looked(scene, scene.bare, beside), await _looked(scene, scene.ours, spread)
    return Size(size, ours, bare, *megabytes)


async def _looked(scene: Scene, side: Side, names: list[str]) -> Look:
    async def commanded() -> float:
        took: list[float] = []

        async def ask(name: str) -> None:
            began = time.perf_counter()
            await side.command(name)
            took.append((time.perf_counter() - began) * 1000)

        await each(names, ask, at_once=AT_ONCE)
        return median(took)

    evicted, cached = await commanded(), await commanded()
    cost = await scene.cost(side, (), scene.lived(side, names, MONTHS))
    return Look(evicted, cached, cost.each(len(names) * MONTHS).cpu)


def _figures(size: Size) -> list[Figure]:
    def figure(words: str, unit: str, ours: float, *bare: float) -> Figure:
        return Figure(GROUP, f"{size.open:,} open: {words}", unit, Samples([ours], bare))

    ours, bare = size.ours, size.bare
    return [
        *(figure(words, "ms", getattr(ours, value), getattr(bare, value)) for value, words in LOOKED.items()),
        figure("memory of the worker", "MiB", size.worker_mb),
        figure("memory of the server", "MiB", size.server_mb),
    ]


def _compared(first: Size, last: Size) -> list[Figure]:
    """The last size to the first one, both beside the bare engine at that time."""
    why = f"divided by the bare engine's growth, of which {SAMPLE} lives were measured at each size"
    return [
        Figure(
            GROUP,
            f"{first.open:,} -> {last.open:,} open: {words}",
            "times",
            Samples([last.beside(value) / first.beside(value)]),
            FLAT,
            why,
        )
        for value, words in LOOKED.items()
    ]
