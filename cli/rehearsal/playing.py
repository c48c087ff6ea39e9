"""Lives played on a stage, several at once, each beside the forecast that was made before it began."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.failure import Failure
from cli.printing.progress import Progress
from cli.rehearsal.stage import Stage, stage
from cli.running import run
from perennial.rehearsal.time_skipping import ClockStuck
from statemachines.simulation.document import LifeReport
from statemachines.simulation.scenario import Scenario, simulate
from workflows.calls.errors import CallError

AT_ONCE = 6


@dataclass(frozen=True)
class Played:
    """A life, as it was forecast and as it happened."""

    scenario: Scenario
    forecast: LifeReport
    story: LifeReport


async def play_all(stage: Stage, scenarios: Sequence[Scenario], progress: Progress) -> AsyncGenerator[Played]:
    """The lives in their order, each as soon as it and those before it are done."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def play(scenario: Scenario, key: str) -> Played:
        async with turns:
            forecast = simulate(scenario)
            progress.begin(key, scenario.name)
            try:
                story = await stage.play(scenario, key, lambda note: progress.note(key, note))
            except (CallError, ClockStuck) as error:
                raise Failure(f"{scenario.name}: {error}") from None
            progress.end(key)
            return Played(scenario=scenario, forecast=forecast, story=story)

    ids = (subscription_id(scenario, number) for number, scenario in enumerate(scenarios, start=1))
    tasks = [asyncio.create_task(play(scenario, key)) for scenario, key in zip(scenarios, ids, strict=True)]
    try:
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def subscription_id(scenario: Scenario, number: int) -> str:
    """An id by which the life can be found in the Web UI: `03-bought-on-january-31`."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in scenario.name.lower()).split()
    return "-".join([f"{number:02}", *words])[:64]


def live_stories(scenarios: Sequence[Scenario]) -> list[LifeReport]:
    """What happened in each."""
    with TemporaryDirectory(prefix="perennial-") as directory, Progress() as progress:
        return run(_live(Path(directory), scenarios, progress))


async def _live(directory: Path, scenarios: Sequence[Scenario], progress: Progress) -> list[LifeReport]:
    progress.begin("server", "the server and a worker are up")
    async with stage(directory) as playing:
        progress.end("server")
        async with aclosing(play_all(playing, scenarios, progress)) as lives:
            return [life.story async for life in lives]
