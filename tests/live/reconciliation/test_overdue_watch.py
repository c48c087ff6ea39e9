"""A worker's gauge of overdue subscriptions, as Prometheus reads it."""

import asyncio
import re
from pathlib import Path

import httpx2
import pytest

from activities.adapters.sql.database import Database
from activities.settings import LOOPBACK
from hosting.embedded.ports import free_ports
from tests.support.live.repairs import Place, bought
from tests.support.live.worker_process import MortalWorker
from tests.support.raw_sql import change

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


async def test_the_gauge_counts_what_is_overdue(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with place.worker() as world:
        late = [await bought(world) for _ in range(3)][:2]
    async with Database(place.settings.database_url) as database:
        for subscription in late:
            statement = f"UPDATE subscription SET next_at = '2026-01-01T00:00:00.000000Z' WHERE id = '{subscription}'"
            await change(database, statement)
    (port,) = free_ports(1)
    monkeypatch.setenv("PERENNIAL_METRICS_ADDRESS", f"{LOOPBACK}:{port}")
    address = place.client.service_client.config.target_host
    worker = MortalWorker(address, tmp_path, "watching")
    try:
        async with asyncio.timeout(60), httpx2.AsyncClient() as http:
            while True:
                try:
                    text = (await http.get(f"http://{LOOPBACK}:{port}/metrics")).text
                except httpx2.TransportError:
                    text = ""
                if found := re.search(r"^perennial_overdue_subscriptions\S* (\d+)$", text, re.MULTILINE):
                    break
                await asyncio.sleep(0.2)
    finally:
        worker.stop()
    assert found[1] == "2"
