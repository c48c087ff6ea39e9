"""Invariant 10: ten clients at once get every answer, while runs are handed over and workers are killed.

`make load` has each of them send a hundred commands.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import upgrade
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from tests.support.live.crowd import Crowd, hand_overs
from tests.support.live.outside import seen_from_outside
from tests.support.live.purchases import order, settings_in
from tests.support.live.worker_process import MortalWorker
from workflows.durable import options


class Load(NamedTuple):
    """Commands per client, workers killed, and the hand-overs that have to be seen."""

    commands: int
    kills: int
    hand_overs: int


FULL = os.environ.get("PERENNIAL_LOAD") == "full"
QUIET, KILLED = (Load(100, 0, 50), Load(100, 20, 50)) if FULL else (Load(10, 0, 5), Load(8, 2, 3))
CLIENTS = 10

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200 if FULL else 180)]


@pytest.mark.parametrize(
    "load", [pytest.param(QUIET, id="quiet"), pytest.param(KILLED, id="killed", marks=pytest.mark.chaos)]
)
async def test_no_command_is_refused_lost_or_doubled(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: Load
) -> None:
    url, queue = settings_in(tmp_path).database_url, f"load-{load.kills}"
    monkeypatch.setenv("PERENNIAL_DATABASE_URL", url)
    # A task that died with its worker is given to another one after this.
    monkeypatch.setattr(options, "TASK_TIMEOUT", timedelta(seconds=2))
    await upgrade(url)
    client = await connect_to(server.address)
    worker = MortalWorker(server.address, tmp_path, queue)
    every = CLIENTS * load.commands // (load.kills + 1)

    def kill(answers: int) -> None:
        if answers % every == 0 and worker.kills < load.kills:
            worker.kill()

    try:
        async with Database(url) as database:
            world = seen_from_outside(client, queue, database)
            bought = order(at=datetime.now(UTC))
            await world.server.subscriptions.buy(bought)
            await world.server.subscriptions.settled(bought.subscription_id)
            crowd = Crowd(world.server.subscriptions, bought.subscription_id, CLIENTS, load.commands, kill)
            await crowd.send(timedelta(milliseconds=300))
            await world.server.subscriptions.settled(bought.subscription_id)
            crowd.check(await world.books.subscriptions.events(bought.subscription_id))
        seen = await hand_overs(client, bought.subscription_id)
    finally:
        worker.stop()
    counts = f"{len(crowd.answers)} answers ({crowd.late} late), {seen} hand-overs, {worker.kills} kills"
    print(f"{counts}, {crowd.percentiles()}")  # noqa: T201
    assert worker.kills == load.kills
    assert seen >= load.hand_overs
