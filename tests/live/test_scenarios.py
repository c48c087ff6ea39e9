"""Every scenario lived on the real server gives the simulator's document, to the instant and the cent."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.rehearsal.scenario import load
from hosting.assembly import World
from perennial.rehearsal.scenario_runner import ScenarioRun
from statemachines.simulation.course import simulate
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.paths import ROOT

SCENARIOS = ROOT / "scenarios"
LIVES = [path for room in ("lives", "accounts", "customers") for path in sorted((SCENARIOS / room).glob("*.yaml"))]
"""With the account of the life's customer, where the scenario has one; and several subscriptions of one customer."""
GROUPS = 10
AT_ONCE = 4

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@pytest.mark.parametrize("group", range(GROUPS))
async def test_live_equals_simulated(world: World, group: int) -> None:
    room = asyncio.Semaphore(AT_ONCE)

    async def compare(path: Path) -> None:
        scenario = parse_scenario(load(path))
        async with room:
            live = ScenarioRun(scenario, path.stem[:64], world)
            story = await live.run(datetime.now(UTC))
        assert story.document() == simulate(scenario).document(), path.name

    assert len(LIVES) >= 40
    await asyncio.gather(*(compare(path) for path in LIVES[group::GROUPS]))
