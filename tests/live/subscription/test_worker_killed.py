"""TIM-5, MON-2: a worker that is killed three times in a life leaves the ledger and events of the simulator."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import upgrade
from activities.adapters.sql.subscription.auditor import SqlAuditor
from cli.rehearsal.scenario import load
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from perennial.rehearsal.scenario_runner import ScenarioRun
from statemachines.simulation.course import simulate
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.live.outside import seen_from_outside
from tests.support.live.purchases import settings_in
from tests.support.live.worker_process import MortalWorker
from tests.support.paths import ROOT

LIFE = ROOT / "tests" / "replay" / "lives" / "four-years-monthly.yaml"
KILLS = 3
EVERY = 3

pytestmark = [pytest.mark.live, pytest.mark.chaos, pytest.mark.timeout(240)]


class Fate:
    """Kills the worker at every few steps of the life."""

    def __init__(self, worker: MortalWorker) -> None:
        self._worker = worker
        self._steps = 0

    def step(self, _: str) -> None:
        """Called at each step of the life."""
        self._steps += 1
        if self._steps % EVERY == 0 and self._worker.kills < KILLS:
            self._worker.kill()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of a database without tables, which the worker's process finds by its environment."""
    url = settings_in(tmp_path).database_url
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgres_url")
    monkeypatch.setenv("PERENNIAL_DATABASE_URL", url)
    return url


async def test_killed_three_times_and_nothing_is_lost_or_doubled(
    server: EmbeddedServer, tmp_path: Path, database_url: str
) -> None:
    await upgrade(database_url)
    client = await connect_to(server.address)
    scenario = parse_scenario(load(LIFE))
    queue = f"mortal-{database_url.partition(':')[0]}"
    worker = MortalWorker(server.address, tmp_path, queue)
    try:
        async with Database(database_url) as database:
            life = ScenarioRun(scenario, queue, seen_from_outside(client, queue, database), Fate(worker).step)
            story = await asyncio.wait_for(life.run(datetime.now(UTC)), 200)
            (audited,) = await SqlAuditor(database).page()
    finally:
        worker.stop()
    assert worker.kills == KILLS
    assert story.document() == simulate(scenario).document()
    assert (audited.violations, audited.access_confirmed) == ((), True)
