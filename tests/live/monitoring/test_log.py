"""The log of a worker process whose output goes into a pipe: one JSON object per line."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from activities.adapters.sql.database import Database
from activities.adapters.sql.revision import HEAD
from activities.wall_clock import wall_clock
from domain.subscription.commands import ChangeQuantity
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from perennial.sources.server import Server
from tests.support.live.purchases import order, settings_in
from tests.support.live.worker_process import MortalWorker
from tests.support.raw_sql import change
from workflows.durable.workflow_ids import subscription_workflow_id

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

ID = "logged"


def lines(folder: Path) -> list[dict[str, Any]]:
    """All lines but those for a person, on stdout: everything on stderr must be JSON."""
    text = (folder / "worker.log").read_text()
    return [json.loads(line) for line in text.splitlines() if not line.startswith(("Worker ", "Metrics "))]


async def until(folder: Path, **wanted: Any) -> dict[str, Any]:
    """Wait for a line with these facts."""
    async with asyncio.timeout(90):
        while True:
            for line in lines(folder):
                if line.items() >= wanted.items():
                    return line
            await asyncio.sleep(0.2)


async def test_each_event_is_a_line_and_a_callers_mistake_is_no_traceback(
    server: EmbeddedServer, tmp_path: Path
) -> None:
    client = await connect_to(server.address)
    subscriptions = Server.of(client, "logging", wall_clock).subscriptions
    url = settings_in(tmp_path).database_url
    worker = MortalWorker(server.address, tmp_path, "logging", PERENNIAL_DATABASE_URL=url, PERENNIAL_PREPARE="on")
    try:
        started = await until(tmp_path, message="worker started")
        expected = {"server": server.address, "namespace": "default", "queue": "logging", "temporalio": "1.35.0"}
        assert started.items() >= expected.items()
        assert started["build"].startswith("0.1.0-")
        await subscriptions.buy(order(subscription_id=ID, at=wall_clock()))
        facts = {"subscription": ID, "customer": "fabrikam", "seq": 1, "rule": "BUY-4", "attempt": 1}
        bought = await until(tmp_path, message="purchased", **facts)
        assert bought["level"] == "info"
        handle = client.get_workflow_handle(subscription_workflow_id(ID))
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update("cancel", args=["one", "two"])
        await handle.signal("cancellation_requested", "nonsense")
        refused = await until(tmp_path, subscription=ID, command="cancellation_requested", level="warning")
        assert refused["message"].startswith("signal refused: Malformed request")
        async with Database(url, migrates=True) as database:
            await change(database, "UPDATE alembic_version SET version_num = '0001'")
            await subscriptions.ask(ID, ChangeQuantity(by="admin_agent", quantity=9), wait=False)
            failed = await until(tmp_path, subscription=ID, activity="record", attempt=2, level="warning")
            assert failed["error"].startswith("SchemaMismatch: The database has revision '0001'")
            await change(database, f"UPDATE alembic_version SET version_num = '{HEAD}'")
        changed = await until(tmp_path, message="quantity_changed", subscription=ID, seq=2)
        assert changed["attempt"] > 1
    finally:
        worker.stop()
    assert [line for line in lines(tmp_path) if "traceback" in line or line["level"] == "error"] == []
