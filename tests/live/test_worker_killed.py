"""TIM-5, MON-2: a worker that is killed three times in a life leaves the ledger and events of the simulator."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.adapters.sql.books import SqlBooks
from activities.adapters.sql.database import Database
from activities.adapters.sql.reader import SqlReader
from activities.adapters.sql.schema import upgrade
from cli.scenario_file import load
from hosting.connection import connect_to
from hosting.embedded import EmbeddedServer
from statemachines.scenario import parse_scenario, simulate
from tests.live.purchases import settings_in
from workflows.client import Subscriptions
from workflows.live import LiveScenario
from workflows.time_skipping import ServerClock

ROOT = Path(__file__).parents[2]
LIFE = ROOT / "tests" / "replay" / "lives" / "four-years-monthly.yaml"
KILLS = 3
EVERY = 3

pytestmark = [pytest.mark.live, pytest.mark.chaos, pytest.mark.timeout(240)]


class MortalWorker:
    """A worker process that is killed and started again as the life goes on."""

    def __init__(self, address: str, directory: Path) -> None:
        self._command = [sys.executable, str(ROOT / "worker.py"), "--address", address]
        self._environment = {
            **os.environ,
            "PERENNIAL_DATA_DIR": str(directory),
            "PERENNIAL_TASK_QUEUE": "mortal",
            "PERENNIAL_TENANTS_PORT": "0",
        }
        self._log = (directory / "worker.log").open("wb")
        self.kills = 0
        self._steps = 0
        self._process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self._command, env=self._environment, cwd=ROOT, stdout=self._log, stderr=self._log)

    def step(self, _: str) -> None:
        """Called at each step of the life: every few steps the worker dies without a word."""
        self._steps += 1
        if self._steps % EVERY == 0 and self.kills < KILLS:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self.kills += 1
            self._process = self._start()

    def stop(self) -> None:
        """End the last one."""
        self._process.kill()
        self._process.wait()
        self._log.close()


async def test_killed_three_times_and_nothing_is_lost_or_doubled(server: EmbeddedServer, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, task_queue="mortal")
    await upgrade(settings.database_url)
    client = await connect_to(server.address)
    scenario = parse_scenario(load(LIFE))
    worker = MortalWorker(server.address, tmp_path)
    try:
        async with Database(settings.database_url) as database:
            life = LiveScenario(
                scenario,
                "mortal-life",
                Subscriptions(client, "mortal"),
                ServerClock(client),
                SqlReader(database),
                SqlBooks(database),
                worker.step,
            )
            story = await asyncio.wait_for(life.run(datetime.now(UTC)), 200)
    finally:
        worker.stop()
    assert worker.kills == KILLS
    assert story.document() == simulate(scenario).document()
