"""Every life that is described as data comes out of the SQL books exactly as out of the simulator's."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import upgrade
from activities.adapters.sql.subscription.auditor import SqlAuditor
from cli.rehearsal.scenario import load
from statemachines.simulation.course import simulate
from statemachines.simulation.scenario import Scenario
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.books.player import LIVING, play
from tests.support.books.subscription import InSql
from tests.support.paths import ROOT
from tests.support.postgres_server import PostgresServer

LIVES = sorted((ROOT / "scenarios" / "lives").glob("*.yaml"))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('lives') / 'perennial.db'}"
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest_asyncio.fixture(scope="module")
async def database(url: str) -> AsyncIterator[Database]:
    """One for all of them: lives do not touch each other."""
    await upgrade(url)
    async with Database(url) as opened:
        yield opened


@pytest.fixture(scope="module")
def books(database: Database) -> InSql:
    return InSql(database)


def scenario_of(file: Path) -> Scenario:
    return parse_scenario(load(file))


@pytest.mark.parametrize("file", LIVES, ids=lambda file: file.stem)
async def test_the_sql_books_keep_the_life_that_the_simulator_shows(
    file: Path, books: InSql, database: Database
) -> None:
    scenario = scenario_of(file)
    expected = simulate(scenario, LIVING).only
    player, story = await play(scenario, books, f"life-{LIVES.index(file)}")
    assert story.document() == expected.document()
    # Beyond what a document shows: actors, reasons, facts before and after, usage charges, exact decimals.
    assert story.events == expected.events
    assert story.rows == expected.rows
    listed = await books.listed(player.id)
    assert listed is not None
    assert (listed.state, listed.last_seq) == (expected.subscription.state, expected.events[-1].seq)
    assert (listed.quantity, listed.add_ons) == (expected.subscription.quantity, expected.subscription.add_ons)
    assert await books.about(player.id) == player.about
    audited = await SqlAuditor(database).one(player.id)
    assert audited is not None
    assert (audited.violations, audited.events, audited.access_confirmed) == ((), len(story.events), True)
    # Everything again, as after a crash: the same receipts, and nothing more in the books.
    for entry, receipt in player.recorded:
        assert await books.record(entry) == receipt
    assert tuple(await books.rows(player.id)) == story.rows
