"""Every published life is restored from the SQL books at every step exactly as it is lived."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings

from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import upgrade
from tests.support.books.restored import Watched
from tests.support.simulated.random_lives import RandomLife, lives
from tests.support.simulated.traced import SCENARIOS, Trace, of_scenario


@pytest_asyncio.fixture(scope="module")
async def many(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """One database for all: lives do not touch each other."""
    url = f"sqlite:///{tmp_path_factory.mktemp('lives') / 'perennial.db'}"
    await upgrade(url)
    async with Database(url) as opened:
        yield opened


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
async def test_a_life_is_restored_at_each_step_as_it_is_lived(path: Path, many: Database) -> None:
    for number, trace in enumerate(of_scenario(path)):
        life = Watched(many, trace, f"life-{SCENARIOS.index(path)}-{number}")
        await life.live()
        assert len(life.restored) >= life.life.subscription.seq


NUMBERS = count()


@given(lives)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_random_life_is_restored_at_each_step_as_it_is_lived(path: Path, life: RandomLife) -> None:
    _, asked = life.live()
    trace = Trace(life.order)
    for at, command in asked:
        trace.note(command, at)
    trace.until = life.end
    asyncio.run(lived(f"sqlite:///{path}", trace))


async def lived(url: str, trace: Trace) -> None:
    async with Database(url) as database:
        await Watched(database, trace, f"random-{next(NUMBERS)}").live()
