"""Two real workers of two builds: subscriptions ramp, move while they sleep, and roll back, with all that they know.

`make upgrades` moves two hundred of them.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from activities.settings import Settings
from domain.subscription.commands import ChangeQuantity
from hosting.build import package_build
from hosting.opening import opened
from perennial.use_cases import Perennial
from tests.support.live.builds import (
    DEPLOYMENT,
    OURS,
    THEIRS,
    build_in,
    build_of,
    busy_until_on,
    changed_copy,
    set_current,
    set_ramping,
    until_on,
    worker_process,
)
from tests.support.live.crowd import Crowd, hand_overs
from tests.support.live.purchases import order
from tests.support.live.repairs import a_place
from tests.support.live.worker_process import MortalWorker
from tests.support.paths import ROOT
from workflows.durable import options
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.subscription.client import Subscriptions
from workflows.subscription.messages import Migration

FULL = os.environ.get("PERENNIAL_UPGRADES") == "full"
SLEEPING, CUSTOMERS = (200, 10) if FULL else (24, 4)
EVERYTHING = SLEEPING + CUSTOMERS
MIGRATE = ("bulk", "migrate", "--yes", "--json")

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(900 if FULL else 420)]


@dataclass
class Fleet:
    """The use cases, and the workers of both builds on one deployment."""

    client: Client
    address: str
    settings: Settings
    perennial: Perennial
    subscriptions: Subscriptions
    workers: ExitStack
    copy: Path
    running: list[MortalWorker] = field(default_factory=list)

    def start(self, checkout: Path = ROOT) -> None:
        """A worker of the checkout."""
        worker = worker_process(self.address, self.settings.data_dir, self.settings.task_queue, checkout)
        self.running.append(self.workers.enter_context(worker))

    async def buy(self, count: int) -> list[str]:
        """Subscriptions that sleep until their next renewal."""
        window = asyncio.Semaphore(8)

        async def one(number: int) -> str:
            async with window:
                wanted = order(at=datetime.now(UTC), customer=f"customer-{number % CUSTOMERS}")
                await self.subscriptions.buy(wanted)
                await self.subscriptions.settled(wanted.subscription_id)
                return wanted.subscription_id

        return list(await asyncio.gather(*(one(number) for number in range(count))))

    async def migrate(self, *options: str, code: int | None = 0) -> Any:
        """What an operator types, with what is printed. It may fail where `code` is None."""
        words = [sys.executable, str(ROOT / "starter.py"), *MIGRATE, "--address", self.address, *options]
        environment = {
            **os.environ,
            "PERENNIAL_DATA_DIR": str(self.settings.data_dir),
            "PERENNIAL_TASK_QUEUE": self.settings.task_queue,
            "PERENNIAL_DEPLOYMENT": DEPLOYMENT,
        }
        done = await asyncio.to_thread(
            subprocess.run, words, env=environment, capture_output=True, text=True, timeout=300, cwd=ROOT
        )
        assert code in {None, done.returncode}, done.stderr
        document = json.loads(done.stdout)
        return {"to": document["request"]["to"], **document["counts"]}

    async def builds(self, ids: list[str]) -> Counter[str]:
        """How many are on each build."""
        window = asyncio.Semaphore(16)

        async def one(each: str) -> str:
            async with window:
                return await build_of(self.client, subscription_workflow_id(each))

        return Counter(await asyncio.gather(*(one(each) for each in ids)))

    async def answer(self, subscription_id: str) -> str:
        """In which build's words a subscription answers."""
        return await self.subscriptions.operate(subscription_id, "migrate", Migration(by="a test"))


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    """A deployment whose current version is that of this checkout."""
    async with a_place(tmp_path) as place:
        address = place.client.service_client.config.target_host
        settings = place.settings.model_copy(update={"deployment": DEPLOYMENT})
        async with opened(settings, address) as perennial:
            server = await perennial.sources.server()
            with ExitStack() as workers:
                copy = changed_copy(tmp_path / "changed")
                fleet = Fleet(place.client, address, settings, perennial, server.subscriptions, workers, copy)
                fleet.start()
                await set_current(fleet.client, package_build())
                yield fleet


async def test_sleeping_subscriptions_ramp_move_and_roll_back(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    # A task that died with its worker is given to another one after this.
    monkeypatch.setattr(options, "TASK_TIMEOUT", timedelta(seconds=2))
    ours, theirs = package_build(), build_in(fleet.copy)
    assert ours != theirs
    ids = await fleet.buy(SLEEPING)
    assert await fleet.builds(ids) == {ours: SLEEPING}
    before = {each: await fleet.subscriptions.life(each) for each in ids[2:20]}
    loop = asyncio.get_running_loop()

    # A part.
    fleet.start(fleet.copy)
    await set_ramping(fleet.client, theirs, 50)
    ramped = await fleet.migrate("--to", theirs, "--rate", "200")
    assert ramped["done"] + ramped["unchanged"] == EVERYTHING
    assert EVERYTHING / 10 < ramped["done"] < EVERYTHING * 9 / 10
    assert 0 < (await fleet.builds(ids))[theirs] <= ramped["done"]
    assert {(await fleet.answer(each))[: len(OURS)] for each in ids[:3]} <= {OURS, THEIRS[: len(OURS)]}

    # All: stopped after some, then the rest, while the workers of both builds are killed.
    await set_current(fleet.client, theirs)
    began = loop.time()
    first = await fleet.migrate("--limit", "2", "--rate", "200")
    assert (first["to"], first["done"], first["failed"]) == (theirs, 2, 0)
    there = (await fleet.builds(ids))[theirs]
    moving = asyncio.create_task(fleet.migrate("--rate", str(EVERYTHING // 6), code=None))
    while (await fleet.builds(ids))[theirs] == there:
        assert not moving.done()
        await asyncio.sleep(0.05)
    for worker in fleet.running:
        worker.kill()
    await moving
    rest = await fleet.migrate("--rate", "200")
    took = loop.time() - began
    assert rest["failed"] == 0
    assert await fleet.builds(ids) == {theirs: SLEEPING}
    assert (await fleet.answer(ids[0])).startswith(THEIRS)

    # Commands reach it, and it knows what it knew.
    change = ChangeQuantity(by="admin_agent", quantity=9, command_id="change-1")
    answer = await fleet.subscriptions.ask(ids[1], change)
    assert {each: await fleet.subscriptions.life(each) for each in before} == before

    # Back, and the same command is still known.
    await set_current(fleet.client, ours)
    began = loop.time()
    back = await fleet.migrate("--to", ours, "--rate", "200")
    took_back = loop.time() - began
    assert back["failed"] == 0
    assert await fleet.builds(ids) == {ours: SLEEPING}
    assert (await fleet.answer(ids[0])).startswith(OURS)
    assert await fleet.subscriptions.ask(ids[1], change) == answer
    report = await fleet.perennial.reconciliation.run()
    assert report.findings == []
    counts = f"50 % ramp: {ramped['done']} of {EVERYTHING} moved; the rest, with two kills: {took:.1f} s"
    print(f"{counts}, all back: {took_back:.1f} s")  # noqa: T201


async def test_commands_go_on_while_a_subscription_moves_there_and_back(fleet: Fleet) -> None:
    """Ten clients, and the current version changes under them: every command is answered, and done once."""
    ours, theirs = package_build(), build_in(fleet.copy)
    (subscription,) = await fleet.buy(1)
    fleet.start(fleet.copy)
    await set_current(fleet.client, theirs)
    await set_current(fleet.client, ours)

    turns = 6 if FULL else 2

    async def turn() -> None:
        for build in (theirs, ours) * (turns // 2):
            await set_current(fleet.client, build)
            await until_on(fleet.client, subscription_workflow_id(subscription), build)

    turning = asyncio.create_task(turn())
    crowd = Crowd(fleet.subscriptions, subscription, clients=10, commands=4, meanwhile=turning)
    await crowd.send(timedelta(minutes=5))
    await turning
    wanted = 2 + turns + len(crowd.sent) // options.UPDATES_PER_RUN
    assert turns <= await hand_overs(fleet.client, subscription) <= 2 * wanted
    last = max(answer.seq for answer in crowd.answers.values())
    await fleet.subscriptions.committed(subscription, last)
    crowd.check(await fleet.perennial.subscriptions.events(subscription))


async def test_a_subscription_that_has_something_to_do_moves_by_itself(fleet: Fleet) -> None:
    theirs = build_in(fleet.copy)
    (busy, sleeping) = await fleet.buy(2)
    fleet.start(fleet.copy)
    await set_current(fleet.client, theirs)
    quantity = await busy_until_on(fleet.client, fleet.subscriptions, busy, theirs)
    assert await build_of(fleet.client, subscription_workflow_id(sleeping)) == package_build()
    assert (await fleet.subscriptions.details(busy)).quantity == quantity
    log = (fleet.settings.data_dir / "worker.log").read_text()
    assert all(
        f"Version            {build}, of deployment {DEPLOYMENT}\n" in log for build in (package_build(), theirs)
    )
