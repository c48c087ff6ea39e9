"""Each disaster of docs/runbook.md, made, and ended by the commands that the page has for it."""

import asyncio
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

from activities.wall_clock import wall_clock
from domain.subscription.commands import ChangeQuantity, Suspend
from domain.subscription.holds import Reason
from hosting.assembly import World
from tests.support.live.builds import broken_copy
from tests.support.live.repairs import Place, a_place, bought, tasks_of
from tests.support.live.runbook import SECTIONS, Terminal, commands
from tests.support.live.worker_process import MortalWorker
from tests.support.pages.story import STORIES, steps
from tests.support.postgres_server import PostgresServer
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.subscription.client import Subscriptions

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

TOLD = {"The Temporal server lost its data": "lost-server", "A bad deploy": "bad-deploy"}
"""Disasters that a page of docs/stories tells, with the same commands."""
THEIRS = {"OLD": "v1", "my-first": "crm"}
"""The names that the stories have for those of the runbook."""


async def suspend(place: Place, subscription: str) -> None:
    """By a signal, which stays in the history whatever becomes of its task."""
    command = Suspend(by="service", reason=Reason.CUSTOMER_REQUEST)
    handle = place.client.get_workflow_handle(subscription_workflow_id(subscription))
    await handle.signal("suspension_requested", command)


class Gate:
    """A way to a database server that can be closed: `async with Gate(server) as gate`, at `gate.port`."""

    def __init__(self, server: PostgresServer) -> None:
        self._behind = server
        self._inside: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Nobody gets in, and those that are inside are thrown out."""
        self._server.close()
        while self._inside:
            self._inside.pop().transport.abort()

    async def _pass(self, theirs: asyncio.StreamReader, to_them: asyncio.StreamWriter) -> None:
        ours, to_us = await self._behind.reached()
        self._inside |= {to_them, to_us}
        await asyncio.gather(_flow(theirs, to_us), _flow(ours, to_them))

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def _flow(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(1 << 16):
            target.write(data)
            await target.drain()
    target.close()


async def change_quantity(world: World, subscription: str, quantity: int, *, wait: bool = True) -> None:
    await world.server.subscriptions.ask(subscription, ChangeQuantity(by="admin_agent", quantity=quantity), wait=wait)


async def test_production_is_stuck(place: Place, tmp_path: Path) -> None:
    """No worker runs, a workflow is gone, and somebody has just come to look."""
    config, check, show, attention, whole, undeliverable, repair = commands("If production is stuck already")
    terminal = Terminal.at(place)
    async with place.worker() as world:
        ended, waiting = await bought(world), await bought(world)
        await place.client.get_workflow_handle(subscription_workflow_id(ended)).terminate(reason="a slip")
    await suspend(place, waiting)
    assert terminal.address in await terminal.type(config)
    # The endpoint is for callers by Nexus, and nobody has made it here.
    assert "missing" in await terminal.type(check, fails=True)
    assert "worker" in await terminal.type(show, fails=True, my_first=waiting)
    async with place.worker() as world:
        assert ended in await terminal.type(attention)
        assert "a slip" in await terminal.type(whole, fails=True)
        await terminal.type(undeliverable)
        await terminal.type(repair)
        await terminal.until_clean(whole)
        await change_quantity(world, ended, 7)
        assert (await world.server.subscriptions.details(waiting)).state == "suspended"


async def test_terminated(place: Place, terminal: Terminal) -> None:
    plan, repair, look = commands("A workflow was terminated")
    async with place.worker() as world:
        subscription = await bought(world)
        await place.client.get_workflow_handle(subscription_workflow_id(subscription)).terminate(reason="a slip")
        said = await terminal.type(plan, fails=True, my_first=subscription)
        assert "a slip" in said
        assert "would start it again from the books" in said
        await terminal.type(repair, my_first=subscription)
        await terminal.until_clean(look, my_first=subscription)
        await change_quantity(world, subscription, 7)


async def test_an_older_copy_of_the_books(place: Place, terminal: Terminal, tmp_path: Path) -> None:
    plan, repair, look = commands("The books were restored from an older copy")
    books = Path(place.settings.database_url.removeprefix("sqlite:///"))
    async with place.worker() as world:
        changed = await bought(world)
        await world.server.subscriptions.settled(changed)
    shutil.copy(books, tmp_path / "last-night.db")
    async with place.worker() as world:
        await change_quantity(world, changed, 7)
        new = await bought(world)
    shutil.copy(tmp_path / "last-night.db", books)
    said = await terminal.type(plan, fails=True)
    assert said.count("would write into the books what they lack of it, from its history") == 2, said
    assert "2 workflows: write into the books" in await terminal.type(repair, fails=True)
    async with place.worker() as world:
        await terminal.until_clean(look)
        await change_quantity(world, changed, 8)
        await change_quantity(world, new, 8)


async def test_reset(place: Place, terminal: Terminal) -> None:
    (look,) = commands("A workflow was reset")
    async with place.worker() as world:
        subscription = await bought(world)
        name = subscription_workflow_id(subscription)
        before = await tasks_of(place.client, name)
        await change_quantity(world, subscription, 7)
        await change_quantity(world, subscription, 8)
        await place.reset(name, to=before[0])
        await terminal.until_clean(look, my_first=subscription)
        assert (await world.server.subscriptions.details(subscription)).quantity == 8
        await change_quantity(world, subscription, 9)


async def test_cancelled(place: Place, terminal: Terminal) -> None:
    look, timeline = commands("A workflow was cancelled")
    async with place.worker() as world:
        subscription = await bought(world)
        await place.client.get_workflow_handle(subscription_workflow_id(subscription)).cancel()
        await terminal.type(look, my_first=subscription)
        assert "renew" in await terminal.type(timeline, my_first=subscription)
        await change_quantity(world, subscription, 7)


async def test_a_task_that_fails(place: Place, terminal: Terminal, tmp_path: Path) -> None:
    (look,) = commands("A workflow's task fails")
    async with place.worker() as world:
        subscription = await bought(world)
    bad = MortalWorker(terminal.address, tmp_path, place.settings.task_queue, checkout=broken_copy(tmp_path / "bad"))
    try:
        await suspend(place, subscription)
        async with asyncio.timeout(100):
            while "stuck" not in await terminal.type(look, fails=True, my_first=subscription):
                await asyncio.sleep(0.5)
    finally:
        bad.stop()
    async with place.worker() as world:
        await terminal.until_clean(look, my_first=subscription)
        await change_quantity(world, subscription, 7)


async def test_the_database_is_away(tmp_path: Path, postgres: PostgresServer) -> None:
    (look,) = commands("The database is away")
    name = postgres.create()
    async with (
        Gate(postgres) as gate,
        a_place(tmp_path, postgres.url(name, host="127.0.0.1", port=gate.port, query={})) as place,
    ):
        terminal = Terminal.at(place)
        async with place.worker() as world:
            subscription = await bought(world)
            await gate.close()
            await change_quantity(world, subscription, 7, wait=False)
            assert "database" in await terminal.type(look, fails=True, my_first=subscription)
            await gate.open()
            await terminal.until_clean(look, my_first=subscription)
            await change_quantity(world, subscription, 8)
    postgres.drop(name)


async def test_the_disk_is_full(place: Place, terminal: Terminal, tmp_path: Path) -> None:
    (look,) = commands("The disk of the books is full")
    subscriptions = Subscriptions(place.client, place.settings.task_queue, wall_clock)
    async with place.worker() as world:
        subscription = await bought(world)
    worker = MortalWorker(terminal.address, tmp_path, place.settings.task_queue)
    try:
        await subscriptions.details(subscription)
        with worker.on_a_full_disk():
            await subscriptions.ask(subscription, ChangeQuantity(by="admin_agent", quantity=7), wait=False)
            async with asyncio.timeout(100):
                while "retrying" not in (said := await terminal.type(look, fails=None, my_first=subscription)):
                    await asyncio.sleep(0.5)
            assert "ahead" in said
        await terminal.until_clean(look, my_first=subscription)
    finally:
        worker.stop()


@pytest.mark.parametrize("section", TOLD)
def test_a_disaster_that_is_a_story_has_the_same_commands(section: str) -> None:
    """Its test follows the story: tests/cli/stories."""
    page = TOLD[section]
    typed = [line for step in steps((STORIES / f"{page}.md").read_text()) for line in step.typed]
    for line in commands(section):
        assert re.sub("OLD|my-first", lambda found: THEIRS[found[0]], line) in typed


def test_every_disaster_of_the_page_is_tried() -> None:
    tried = set(re.findall(r'commands\("(.+?)"\)', Path(__file__).read_text()))
    assert tried | TOLD.keys() == {name for name in SECTIONS if commands(name)}
