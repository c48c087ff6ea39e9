"""Who is notified is in the books: workers with and without a publisher's secrets send the same, in the same order."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.adapters.sql.database import Database
from activities.notifications.publishers import Secrets
from domain.subscription.commands import Cancel, ChangeQuantity
from domain.subscription.holds import Reason
from hosting.assembly import World, running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from tests.support.live.purchases import order, settings_in
from tests.support.publisher.endpoint import SECRET, Endpoint, publishers_at
from tests.support.publisher.imported import list_publishers, listed_in, secrets_of
from tests.support.shop.live import imported
from tests.support.shop.offers import listed

pytestmark = pytest.mark.live


async def bought(world: World) -> str:
    now = datetime.now(UTC)
    wanted = order(listed().sold(now), at=now)
    await world.server.subscriptions.buy(wanted)
    await world.server.subscriptions.settled(wanted.subscription_id)
    return wanted.subscription_id


async def change(world: World, subscription_id: str, *quantities: int) -> None:
    for quantity in quantities:
        await world.server.subscriptions.ask(subscription_id, ChangeQuantity(by="admin_agent", quantity=quantity))
        await world.server.subscriptions.settled(subscription_id)


async def test_a_worker_without_the_secrets_beside_one_with_them(
    server: EmbeddedServer, endpoint: Endpoint, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Either may record an event; every one arrives, once and in order."""
    client, other = [await connect_to(server.address) for _ in range(2)]
    settings = settings_in(tmp_path, "mixed")
    secrets = await listed_in(settings, publishers_at(endpoint.url, contoso={}))
    async with running_worker(client, settings, Secrets()) as poor, running_worker(other, settings, secrets):
        await imported(poor.books.catalog, listed())
        lives = [await bought(poor) for _ in range(3)]
        await asyncio.gather(*(change(poor, life, *range(4, 14)) for life in lives))
        for life in lives:
            await endpoint.until(life, 11)
            assert endpoint.taken(life) == list(range(1, 12))
    (line,) = {record.getMessage() for record in caplog.records if "not notified from here" in record.getMessage()}
    assert "contoso-1 missing" in line
    assert "PERENNIAL_SECRETS_FILE" in line


async def test_what_a_worker_without_the_secrets_recorded_waits_for_one_that_has_them(
    server: EmbeddedServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    """Alone, it records and sends nothing, and no try is counted; then everything arrives, the first event first."""
    client, settings = await connect_to(server.address), settings_in(tmp_path, "alone")
    secrets = await listed_in(settings, publishers_at(endpoint.url, contoso={"terms": {"tries": 1}}))
    async with running_worker(client, settings, Secrets()) as poor:
        await imported(poor.books.catalog, listed())
        life = await bought(poor)
        await change(poor, life, 4, 5, 6)
        assert [each.tries for each in await poor.books.notifications.page(life)] == [0, 0, 0, 0]
        assert (await poor.server.subscriptions.details(life)).undelivered is None
        assert endpoint.heard(life) == []
    async with running_worker(client, settings, secrets):
        await endpoint.until(life, 4)
    assert endpoint.taken(life) == [1, 2, 3, 4]


async def test_a_worker_finds_the_secrets_without_a_restart(
    server: EmbeddedServer, endpoint: Endpoint, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They are put into its file while notifications wait for them."""
    file = tmp_path / "secrets.yaml"
    file.write_text("{}")
    client = await connect_to(server.address)
    settings = settings_in(tmp_path, "late").model_copy(update={"secrets_file": file})
    await listed_in(settings, publishers_at(endpoint.url, contoso={"terms": {"tries": 1}}))
    async with running_worker(client, settings) as world:
        await imported(world.books.catalog, listed())
        life = await bought(world)
        await change(world, life, 4)
        assert endpoint.heard(life) == []
        assert f"contoso-1 missing in {file} (PERENNIAL_SECRETS_FILE)" in caplog.text
        file.write_text("contoso-1: not a secret")
        async with asyncio.timeout(10):
            while "The secrets stay as they were: " not in caplog.text:
                await asyncio.sleep(0.05)
        assert endpoint.heard(life) == []
        file.write_text(f"contoso-1: {SECRET}\n")
        await endpoint.until(life, 2)
        assert endpoint.taken(life) == [1, 2]
    assert "not a secret" not in caplog.text


async def test_a_publisher_that_is_changed_while_deliveries_are_open(
    server: EmbeddedServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    """Switched off and on, moved, and followed by another one: what was on its way arrives, once and in order."""
    client, settings = await connect_to(server.address), settings_in(tmp_path, "changed")
    publishers = publishers_at(endpoint.url, contoso={}, wingtip={})
    dead = publishers_at("http://127.0.0.1:1/", contoso={})
    secrets = await listed_in(settings, publishers)
    async with running_worker(client, settings, secrets) as world, Database(settings.database_url) as database:
        await imported(world.books.catalog, listed())
        await list_publishers(database, dead)
        waiting, followed, ended = [await bought(world) for _ in range(3)]
        async with asyncio.timeout(30):
            while not all([(await world.books.notifications.page(each))[0].tries for each in (waiting, followed)]):
                await asyncio.sleep(0.05)
        await list_publishers(database, dead, active=False)
        async with asyncio.timeout(30):
            while "contoso" in {each.id for each in world.publishers.known().publishers}:
                await asyncio.sleep(0.05)
        await change(world, waiting, 4)
        await world.server.subscriptions.ask(ended, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
        await world.server.subscriptions.handle(ended).result()
        for life in (waiting, followed):
            assert (await world.server.subscriptions.details(life)).undelivered is None
        await list_publishers(database, publishers)
        for life, last in ((waiting, 2), (followed, 1), (ended, 2)):
            await endpoint.until(life, last)
            assert endpoint.taken(life) == list(range(1, last + 1))
        await list_publishers(database, dead)
        await change(world, followed, 4)
        async with asyncio.timeout(30):
            while not (await world.books.notifications.page(followed))[1].tries:
                await asyncio.sleep(0.05)
        await imported(world.books.catalog, listed(vendor="wingtip"))
        await endpoint.until(followed, 2)
        await change(world, followed, 5)
        await endpoint.until(followed, 3)
        assert endpoint.taken(followed) == [1, 2, 3]
        assert (await world.server.subscriptions.details(followed)).publisher == "wingtip"


async def test_an_import_reaches_running_workers(server: EmbeddedServer, endpoint: Endpoint, tmp_path: Path) -> None:
    """A publisher that is imported, switched off and on again: nothing recorded before, between or after is lost."""
    client, other = [await connect_to(server.address) for _ in range(2)]
    settings = settings_in(tmp_path, "imports")
    publishers = publishers_at(endpoint.url, contoso={})
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(running_worker(client, settings, secrets_of(publishers)))
        await stack.enter_async_context(running_worker(other, settings, Secrets()))
        await imported(world.books.catalog, listed())
        life = await bought(world)
        assert endpoint.heard(life) == []
        assert world.publishers.known().publishers == ()
        async with Database(settings.database_url) as database:
            await list_publishers(database, publishers)
            await change(world, life, 4)
            await endpoint.until(life, 2)
            await list_publishers(database, publishers, active=False)
            await change(world, life, 5)
            async with asyncio.timeout(30):
                while world.publishers.known().publishers:
                    await asyncio.sleep(0.05)
            await change(world, life, 6)
            assert 4 not in endpoint.taken(life)
            # The import is enough: no event has to follow.
            await list_publishers(database, publishers)
        await endpoint.until(life, 4)
        assert endpoint.taken(life) == [1, 2, 3, 4]
