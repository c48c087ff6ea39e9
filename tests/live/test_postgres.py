"""Lives on a worker whose books are in PostgreSQL come out as the simulator says, to the instant and the cent."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.auditor import SqlAuditor
from activities.settings import Settings
from cli.rehearsal.scenario import load
from hosting.assembly import World, running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from perennial.rehearsal.scenario_runner import ScenarioRun
from statemachines.simulation.course import simulate
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.live.purchases import settings_in
from tests.support.paths import ROOT
from tests.support.postgres_server import PostgresServer

SCENARIOS = ROOT / "scenarios"
SOME = [*sorted(SCENARIOS.glob("lives/*.yaml"))[::16], *sorted(SCENARIOS.glob("accounts/*.yaml"))[::4]]
QUEUE = "on-postgresql"

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def database_url(postgres: PostgresServer) -> Iterator[str]:
    """Empty: the worker sets it up."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(scope="module")
async def served(
    server: EmbeddedServer, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """A worker with its books in PostgreSQL."""
    plain = settings_in(tmp_path_factory.mktemp(QUEUE), QUEUE)
    settings = Settings(**{**plain.model_dump(), "database_url": database_url})
    async with running_worker(await connect_to(server.address), settings) as world:
        yield world


async def test_live_over_postgresql_equals_simulated(served: World, database_url: str) -> None:
    async def compare(path: Path) -> None:
        scenario = parse_scenario(load(path))
        story = await ScenarioRun(scenario, f"pg-{path.stem}"[:64], served).run(datetime.now(UTC))
        assert story.document() == simulate(scenario).document(), path.name

    assert len(SOME) >= 8
    for first in range(0, len(SOME), 4):
        await asyncio.gather(*(compare(path) for path in SOME[first : first + 4]))
    async with Database(database_url) as database:
        audited = await SqlAuditor(database).page()
    assert len(audited) == len(SOME)
    assert all(life.violations == () for life in audited)
