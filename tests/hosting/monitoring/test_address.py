"""The address at which a worker is watched, before and after the worker runs."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from activities.settings import LOOPBACK
from hosting.monitoring.address import monitoring
from hosting.temporal.errors import PortInUse
from tests.support.live.purchases import settings_in
from tests.support.paths import ROOT


async def test_a_worker_that_starts_lives_and_is_not_ready(tmp_path: Path) -> None:
    settings = settings_in(tmp_path).model_copy(update={"metrics_address": f"{LOOPBACK}:0"})
    async with monitoring(settings) as monitor, httpx2.AsyncClient(base_url=monitor.address or "") as http:
        health, ready, metrics = [await http.get(path) for path in ("/health", "/ready", "/metrics")]
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        assert ready.status_code == 503
        assert ready.json()["checks"] == {"worker": {"ok": False, "why": "the worker is starting"}}
        assert (metrics.status_code, metrics.text) == (503, "The worker is starting: it has no metrics yet.\n")
        assert (await http.get("/")).status_code == 404
        assert (await http.post("/metrics")).status_code == 405


async def test_without_an_address_nothing_is_shown(tmp_path: Path) -> None:
    async with monitoring(settings_in(tmp_path)) as monitor:
        assert (monitor.address, monitor.exporter) == (None, None)


@pytest.mark.parametrize("host", [LOOPBACK, "[::1]"])
async def test_an_address_in_use_is_said_in_one_line(tmp_path: Path, host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host.strip("[]"), 0), family=family) as taken:
        address = f"{host}:{taken.getsockname()[1]}"
        settings = settings_in(tmp_path).model_copy(update={"metrics_address": address})
        with pytest.raises(PortInUse) as refused:
            async with monitoring(settings):
                pass
    expected = f"Metrics cannot be served at {address} (Address already in use): set PERENNIAL_METRICS_ADDRESS to "
    assert str(refused.value) == f"{expected}another address, or unset it; port 0 is any free one."


def test_a_worker_whose_metrics_port_is_in_use_ends_with_one_line(tmp_path: Path) -> None:
    """Before it looks for a server."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        address = f"{LOOPBACK}:{taken.getsockname()[1]}"
        variables = {
            "PERENNIAL_DATA_DIR": str(tmp_path),
            "PERENNIAL_METRICS_ADDRESS": address,
            "PERENNIAL_PREPARE": "on",
        }
        worker = subprocess.run(
            [sys.executable, str(ROOT / "worker.py"), "--address", f"{LOOPBACK}:1"],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
        )
    assert (worker.returncode, worker.stdout) == (1, "")
    assert worker.stderr.startswith(f"Metrics cannot be served at {address} (Address already in use)")
    assert worker.stderr.count("\n") == 1


async def test_a_port_that_is_no_port(tmp_path: Path) -> None:
    settings = settings_in(tmp_path).model_copy(update={"metrics_address": f"{LOOPBACK}:99999"})
    with pytest.raises(PortInUse, match="99999"):
        async with monitoring(settings):
            pass
