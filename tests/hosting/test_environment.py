"""Workers and commands that meet the books of another namespace: refused; moved books are worked with."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client

from activities.environment import OthersBooks
from activities.settings import Settings
from hosting.assembly import running_worker
from hosting.opening import opened
from hosting.preparation import all_parts, server_parts
from hosting.temporal.connection import connect_to
from perennial.deployment.preparation import Condition, PartName, looked_at, prepared, require
from tests.support.plain_server import plain_server


@pytest_asyncio.fixture(scope="module")
async def address() -> AsyncIterator[str]:
    async with plain_server() as address:
        for namespace in ("one", "other"):
            await require(server_parts(await connect_to(address, namespace=namespace)), prepare=True)
        yield address


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(data_dir=tmp_path)


async def of_setup(client: Client, settings: Settings, *, change: bool, adopt: bool = False) -> tuple[Condition, str]:
    """What `setup` finds of the environment."""

    async def connect() -> Client:
        return client

    parts = all_parts(settings, connect, "of-" + client.namespace, adopt=adopt)
    (found,) = (
        finding for finding in await (prepared if change else looked_at)(parts) if finding.part is PartName.ENVIRONMENT
    )
    return found.condition, found.words


async def test_a_worker_has_its_books_to_itself(
    address: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = [await connect_to(address, namespace=name) for name in ("one", "other")]
    async with running_worker(one, settings):
        pass
    with pytest.raises(OthersBooks, match="belong to namespace 'one' at .*, not to namespace 'other' at "):
        async with running_worker(other, settings):
            pass

    monkeypatch.setenv("TEMPORAL_NAMESPACE", "other")
    async with opened(settings, address) as perennial:
        await perennial.sources.books()
        for _ in range(2):
            with pytest.raises(OthersBooks):
                await perennial.sources.server()
    async with opened(settings, address) as perennial:
        await perennial.sources.server()
        for _ in range(2):
            with pytest.raises(OthersBooks):
                await perennial.sources.books()
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "one")
    async with opened(settings, address) as perennial:
        await perennial.sources.books()
        await perennial.sources.server()


async def test_setup_moves_them_only_where_it_is_told_to(address: str, settings: Settings) -> None:
    one, other = [await connect_to(address, namespace=name) for name in ("one", "other")]
    assert (await of_setup(one, settings, change=True))[0] is Condition.PREPARED
    assert (await of_setup(one, settings, change=True))[0] is Condition.READY
    for change in (True, False):
        condition, words = await of_setup(other, settings, change=change)
        assert condition is Condition.FAILED
        assert words.startswith(f"The books in {settings.books_place} belong to namespace 'one' at ")
    assert (await of_setup(other, settings, change=True, adopt=True))[0] is Condition.PREPARED
    assert (await of_setup(other, settings, change=True))[0] is Condition.READY
    assert (await of_setup(one, settings, change=True))[0] is Condition.FAILED
    async with running_worker(other, settings):
        pass
