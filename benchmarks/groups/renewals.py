"""a. Renewals a second and CPU per renewal, split into server and worker, with and without a publisher."""

import asyncio
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence

from benchmarks.histories import check_timers
from benchmarks.machine import ROOT, child_environment
from benchmarks.report import Figure, Samples, Turns, Worthless, both, times_at_least, times_at_most
from benchmarks.scene import Bench, Cost, Scene, a_scene, each
from benchmarks.sides import Side
from workflows.durable.options import PERIODS_PER_RUN

GROUP = "a"
MONTHS = 12
TITLE = "renewals"
LACKS = "lacks timers at the instant, commands, second steps, retries, a history, and a watch over its one process"


async def measure(bench: Bench) -> list[Figure]:
    """The figures, for a few lives and for many."""
    figures: list[Figure] = []
    months = bench.of(6, MONTHS)
    for lives, turns in bench.of([(16, 2)], [(100, 5), (500, 2)]):
        async with a_scene(bench) as scene:
            for told in (False, True):
                costs: Turns[Cost] = defaultdict(list)
                continued: list[Cost] = []
                for turn in range(turns + 1):
                    for side, rows_per_run in _sides(scene, told=told):
                        scene.bare.rows_per_run = rows_per_run
                        words = f"{'told' if told else 'quiet'}-{turn}-{rows_per_run}"
                        names = [f"{words}-{number}" for number in range(lives)]
                        cost = await _renewed(scene, side, names, months, told=told)
                        # The first turn warms both up.
                        if turn:
                            (continued if rows_per_run else costs[side.name]).append(cost)
                        bench.say(f"renewals: {lives} lives, told: {told}, turn {turn} of {turns}, {side.name}")
                figures += _figures(lives, costs, continued, told=told)
        figures.append(_poller(lives, months, turns))
    return figures


def _sides(scene: Scene, *, told: bool) -> list[tuple[Side, int | None]]:
    """The two, and for renewals alone the bare one once more, which continues as new as often as ours."""
    once_more = [] if told else [(scene.bare, PERIODS_PER_RUN)]
    return [*((side, None) for side in scene.sides), *once_more]


async def _renewed(scene: Scene, side: Side, names: list[str], months: int, *, told: bool) -> Cost:
    """What one renewal costs, in milliseconds, of so many lives that renew for so many months."""
    await scene.begun(side, names, told=told)
    await asyncio.sleep(1)
    expected, heard = side.rows + len(names) * months, scene.endpoint.taken + len(names) * months

    async def renew() -> None:
        await each(names, lambda name: side.skip(name, months))
        await side.until(expected)
        if told:
            await scene.endpoint.until(heard)

    cost = (await scene.cost(side, names, renew())).each(len(names) * months)
    if side.rows != expected:
        raise Worthless(f"{side.name} renewed {side.rows - expected} times too often")
    await check_timers(scene.client, [side.workflow_id(name) for name in names], months)
    return cost


def _figures(lives: int, costs: Turns[Cost], continued: Sequence[Cost], *, told: bool) -> list[Figure]:
    what = f"{'told renewal' if told else 'renewal'}, {lives} lives"
    rate = both(costs, lambda cost: 1000 / cost.wall)
    as_often = Samples([cost.cpu for cost in costs["ours"]], [cost.cpu for cost in continued])
    why = f"the bare one continues as new after {PERIODS_PER_RUN} renewals, as ours does"
    return [
        Figure(GROUP, f"{what}: rate", "1/s", rate, None if told else times_at_least(0.75)),
        Figure(GROUP, f"{what}: CPU", "ms", both(costs, lambda cost: cost.cpu), times_at_most(1.4)),
        Figure(GROUP, f"{what}: CPU of the server", "ms", both(costs, lambda cost: cost.server)),
        Figure(GROUP, f"{what}: CPU of the worker", "ms", both(costs, lambda cost: cost.worker)),
        *([Figure(GROUP, f"{what}: CPU, both in short runs", "ms", as_often, why=why)] if continued else []),
    ]


def _poller(lives: int, months: int, turns: int) -> Figure:
    """The poller made by hand stands in the bare engine's column."""
    rates = []
    for _ in range(turns):
        with tempfile.TemporaryDirectory() as directory:
            words = [sys.executable, "-m", "benchmarks.bare.poller", f"{directory}/poller.db", str(lives), str(months)]
            ran = subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT, env=child_environment())
        renewals, seconds, _ = map(float, ran.stdout.split())
        rates.append(renewals / seconds)
    return Figure(GROUP, f"renewal, {lives} lives: rate of a hand-made poller", "1/s", Samples(bare=rates), why=LACKS)
