"""e. A cached life's memory in the worker, the first task, replay, and waking a life that was evicted long ago."""

import asyncio
import gc
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from benchmarks.bare.worker import RUNNERS
from benchmarks.bare.workflow import Bare
from benchmarks.histories import Run, check_timers, runs_of
from benchmarks.machine import resident_kb
from benchmarks.report import Figure, Must, Samples, Turns, both, times_at_least
from benchmarks.scene import Bench, Scene, a_scene
from benchmarks.sides import Side
from hosting.assembly import WORKFLOWS
from workflows.guard.converter import DATA_CONVERTER
from workflows.guard.interceptor import GuardInterceptor
from workflows.guard.runner import InStepRunner

GROUP = "e"
TITLE = "memory"
WARM = 30
"""Lives that a new worker sees before anything is measured."""
SHORT = 12
"""Months of a young life; an old one is ten years old, three in a quick run."""
BARE_SHORT = 6
YOUNG = f"waking an evicted life of {SHORT} months, the bare one of {BARE_SHORT}"
UNIT = "ms of worker CPU"
REPEATS = 20
"""How often each history is replayed: all together take long enough to be timed."""


async def measure(bench: Bench) -> list[Figure]:
    """Each turn has workers of its own."""
    turns = bench.of(1, 5)
    memory: Turns[float] = defaultdict(list)
    for turn in range(turns):
        async with a_scene(bench) as scene:
            for side in scene.sides:
                memory[side.name].append(await _cached(scene, side, bench.of(100, 800)))
        bench.say(f"memory: a cached life, turn {turn + 1} of {turns}")
    kb = Figure(GROUP, "worker memory per cached subscription", "KiB", both(memory, float), Must(110))
    async with a_scene(bench) as scene:
        return [kb, *await _replays(bench, scene, turns), *await _woken(bench, scene, turns)]


async def _cached(scene: Scene, side: Side, lives: int) -> float:
    """How much the worker's memory grows with each life that it has parked, in KiB."""
    await scene.begun(side, [f"warm-{number}" for number in range(WARM)])
    await asyncio.sleep(1)
    before = resident_kb(side.worker.pid)
    await scene.begun(side, [f"cached-{number}" for number in range(lives)])
    await asyncio.sleep(1)
    return (resident_kb(side.worker.pid) - before) / lives


async def _replays(bench: Bench, scene: Scene, turns: int) -> list[Figure]:
    """Replays here, in this process, of first tasks and of runs that are about as long on both sides."""
    runs: dict[str, dict[str, Run]] = {}
    for side in scene.sides:
        names = await scene.begun(side, [f"replayed-{number}" for number in range(5)])
        await scene.lived(side, names, 3)
        # The first run: Perennial's ends with its third renewal, the bare engine's has it too.
        runs[side.name] = {
            workflow_id: (await runs_of(scene.client, workflow_id))[0] for workflow_id in map(side.workflow_id, names)
        }
    replayers = {
        "ours": Replayer(
            workflows=WORKFLOWS,
            data_converter=DATA_CONVERTER,
            interceptors=[GuardInterceptor()],
            workflow_runner=InStepRunner(),
        ),
        "bare": Replayer(workflows=[Bare], workflow_runner=RUNNERS[bench.runner]()),
    }
    rate: Turns[float] = defaultdict(list)
    first: Turns[float] = defaultdict(list)
    for turn in range(turns + 1):
        for side in scene.sides:
            replayer, whole = replayers[side.name], runs[side.name]
            events = sum(map(len, whole.values())) * REPEATS
            per_second = events / await _cpu(replayer, whole)
            task = await _cpu(replayer, {name: _first_task(run) for name, run in whole.items()})
            rate[side.name] += [per_second] if turn else []
            first[side.name] += [task * 1000 / (len(whole) * REPEATS)] if turn else []
        bench.say(f"memory: replay, turn {turn} of {turns}")
    return [
        Figure(GROUP, "replay", "events per CPU-second", both(rate, float), times_at_least(0.7)),
        Figure(GROUP, "first task: CPU, as replayed", "ms", both(first, float)),
    ]


async def _cpu(replayer: Replayer, runs: Mapping[str, Run]) -> float:
    """CPU seconds of replaying each of the runs REPEATS times."""
    gc.collect()
    began = time.process_time()
    async with replayer.workflow_replay_iterator(_histories(runs)) as results:
        async for result in results:
            if result.replay_failure is not None:
                raise result.replay_failure
    return time.process_time() - began


async def _histories(runs: Mapping[str, Run]) -> AsyncIterator[WorkflowHistory]:
    for _ in range(REPEATS):
        for workflow_id, run in runs.items():
            yield WorkflowHistory(workflow_id, run)


def _first_task(run: Run) -> Run:
    """The events of the first task, and what it scheduled."""
    return run[: next(n for n, e in enumerate(run) if e.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED) + 1]


async def _woken(bench: Bench, scene: Scene, turns: int) -> list[Figure]:
    """A query to lives that no worker has cached: its worker replays them first."""
    lives = bench.of(3, 20) + 1
    old_age = bench.of(36, 120)
    ages = {"ours": (SHORT, old_age), "bare": (BARE_SHORT, old_age)}
    names: dict[tuple[str, int], list[str]] = {}
    for side in scene.sides:
        for months in ages[side.name]:
            lived = await scene.begun(side, [f"woken-{months}-{number}" for number in range(lives)])
            await scene.lived(side, lived, months)
            await check_timers(scene.client, map(side.workflow_id, lived), months)
            names[side.name, months] = lived
            bench.say(f"memory: lives of {months} months, {side.name}")
    young: Turns[float] = defaultdict(list)
    old: Turns[float] = defaultdict(list)
    for turn in range(turns):
        for side in scene.sides:
            for months, found in zip(ages[side.name], (young, old), strict=True):
                found[side.name].append(await _waking(scene, side, names[side.name, months]))
        bench.say(f"memory: waking, turn {turn + 1} of {turns}")
    flat = Samples([one / other for one, other in zip(old["ours"], young["ours"], strict=True)])
    return [
        Figure(GROUP, YOUNG, UNIT, both(young, float)),
        Figure(GROUP, f"waking an evicted life of {old_age} months", UNIT, both(old, float), Must(10)),
        Figure(GROUP, f"waking: {old_age} months to {SHORT}", "times", flat, Must(1.3)),
    ]


async def _waking(scene: Scene, side: Side, names: list[str]) -> float:
    """Milliseconds of the worker's CPU for each life that it has to replay."""
    await side.worker.restart()
    # A new process imports and compiles with its first life.
    await side.wake(names[0])

    async def wake() -> None:
        for name in names[1:]:
            await side.wake(name)

    return (await scene.cost(side, (), wake())).each(len(names) - 1).worker
