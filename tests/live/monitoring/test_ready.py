"""Whether a worker is ready, while its server and its database go away under it, and come back."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.revision import HEAD
from hosting.assembly import prepare_namespace
from hosting.embedded.ports import free_ports
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from tests.support.live.purchases import settings_in
from tests.support.metrics.watched import watched_worker
from tests.support.postgres_server import NoServer, own_server, stop
from tests.support.raw_sql import change

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


async def until(address: str, status: int, failing: set[str]) -> dict[str, Any]:
    """Ask until exactly these checks fail; the body. Meanwhile it lives."""
    async with asyncio.timeout(90), httpx2.AsyncClient(base_url=address, timeout=30) as http:
        while True:
            answer, health = await http.get("/ready"), await http.get("/health")
            assert (health.status_code, health.json()["status"]) == (200, "ok")
            checks = answer.json()["checks"]
            if {name for name, check in checks.items() if not check["ok"]} == failing:
                assert answer.status_code == status
                return dict(checks)
            await asyncio.sleep(0.2)


async def test_the_server_goes_away_and_comes_back(tmp_path: Path) -> None:
    port, http_port = free_ports(2)
    (tmp_path / "server").mkdir()
    server = EmbeddedServer(tmp_path / "server", port=port, http_port=http_port)
    await server.__aenter__()
    try:
        await prepare_namespace(await connect_to(server.address))
        async with watched_worker(server.address, settings_in(tmp_path, "ready")) as (_, address):
            assert await until(address, 200, set()) == {
                "server": {"ok": True},
                "polling": {"ok": True},
                "database": {"ok": True},
            }
            await server.__aexit__(None, None, None)
            gone = await until(address, 503, {"server", "polling"})
            assert gone["server"]["why"]
            server = EmbeddedServer(tmp_path / "server", port=port, http_port=http_port)
            await server.__aenter__()
            await until(address, 200, set())
    finally:
        await server.__aexit__(None, None, None)


async def test_the_database_goes_away(server: EmbeddedServer, tmp_path: Path) -> None:
    try:
        with own_server() as (postgres, process):
            url = postgres.url(postgres.create())
            settings = settings_in(tmp_path, "no-database").model_copy(update={"database_url": url})
            async with watched_worker(server.address, settings) as (_, address):
                await until(address, 200, set())
                stop(process)
                gone = await until(address, 503, {"database"})
                assert gone["database"]["why"]
                assert "Traceback" not in gone["database"]["why"]
    except NoServer as none:
        pytest.skip(str(none))


async def test_the_database_is_of_another_version(server: EmbeddedServer, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, "newer-database")
    async with watched_worker(server.address, settings) as (_, address):
        await until(address, 200, set())
        async with Database(settings.database_url) as database:
            await change(database, "UPDATE alembic_version SET version_num = '9999'")
        gone = await until(address, 503, {"database"})
        assert f"has revision '9999', this version of Perennial needs '{HEAD}'" in gone["database"]["why"]
