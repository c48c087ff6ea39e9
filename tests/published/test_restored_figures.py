"""Microsoft's worked examples, each restored from the SQL books at every step exactly as it is lived."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import upgrade
from tests.published.figures import Example
from tests.published.page import EXAMPLES
from tests.support.books.restored import Watched
from tests.support.simulated.traced import traced


@pytest_asyncio.fixture(scope="module")
async def database(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path_factory.mktemp('figures') / 'perennial.db'}"
    await upgrade(url)
    async with Database(url) as opened:
        yield opened


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name.replace(" ", "_"))
async def test_an_example_is_restored_at_each_step_as_it_is_lived(example: Example, database: Database) -> None:
    (trace,) = traced(example.live)
    life = Watched(database, trace, f"figure-{EXAMPLES.index(example)}")
    await life.live()
    assert len(life.restored) >= life.life.subscription.seq
