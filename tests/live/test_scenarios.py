"""Scenarios lived on the real server give the simulator's document, to the instant and the cent.

So many that everything that happens in any of them happens in one of these; `make scenarios` lives them all.
"""

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
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
ALL = bool(os.environ.get("PERENNIAL_SCENARIOS"))
GROUPS = 10 if ALL else 4
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

    lived = LIVES if ALL else covering()
    assert len(lived) >= 40
    await asyncio.gather(*(compare(path) for path in lived[group::GROUPS]))


@cache
def covering() -> list[Path]:
    """Lives in which everything happens that happens in any: the one that adds the most comes next."""
    happens = {path: set(_happens(path)) for path in LIVES}
    wanted, chosen = set().union(*happens.values()), []
    while wanted:
        best = max(LIVES, key=lambda path: len(happens[path] & wanted))
        chosen.append(best)
        wanted -= happens[best]
    return chosen


def _happens(path: Path) -> Iterator[tuple[object, ...]]:
    scenario = parse_scenario(load(path))
    story = simulate(scenario)
    document = story.document()
    for answer in document["answers"]:
        yield scenario.policy, answer["do"], answer["outcome"], answer["rule"]
    for invoice in document.get("invoices", []):
        yield invoice["state"], bool(invoice.get("suspended_at"))
        for rate in (invoice["tax"] or {"rates": ()})["rates"]:
            yield rate["category"], rate["net"].startswith("-")
    of_each = document.get("subscriptions", {"": document})
    for each in of_each.values():
        for event in each["events"]:
            yield event["event"], event["state"], event["rule"]
        for row in each["ledger"]:
            yield row["kind"], row["key"].split("/")[-2], row["currency"]
