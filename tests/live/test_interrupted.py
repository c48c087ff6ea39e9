"""Ctrl-C in long work: it ends at once with 130, says how far it is, and the line it says to type goes on."""

import asyncio
import json
import re
import shlex
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import upgrade
from activities.adapters.sql.subscription.books import SqlBooks
from activities.billing.contracts import Origin, RecordInput
from domain.bulk.operations import BulkState
from domain.subscription.effects import Record
from perennial.rehearsal.time_travel import travel_of
from statemachines.subscription.life import LifeSteps
from tests.support.live.purchases import order
from tests.support.live.repairs import Place, bought
from tests.support.live.runbook import Terminal
from tests.support.shop.takeovers import ACTIVE, AS_OF, CATALOG
from tests.support.terminal import at_a_terminal

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

AT_ONCE = 10
"""Seconds in which it ends. A machine that is busy with other tests needs most of them."""
JANUARY = datetime(2027, 1, 15, 9, tzinfo=UTC)


async def interrupted(place: Place, line: str, once: str | re.Pattern[str] | socket.socket, **environment: str) -> str:
    """What the command has said after Ctrl-C, which comes once that was printed, or it has connected there."""
    typist = Terminal.at(place)
    env = {
        "TEMPORAL_ADDRESS": typist.address,
        "PERENNIAL_DATABASE_URL": place.settings.database_url,
        "PERENNIAL_DATA_DIR": str(place.settings.data_dir),
        "PERENNIAL_TASK_QUEUE": place.settings.task_queue,
    }

    def typed() -> str:
        with at_a_terminal(*shlex.split(line), columns=400, env=env | environment) as terminal:
            if isinstance(once, socket.socket):
                once.accept()
            else:
                terminal.wait_for(once)
            assert terminal.interrupted(AT_ONCE) == 130
            return terminal.said

    said = await asyncio.to_thread(typed)
    assert said.endswith("\nStopped.\n"), said
    assert "Traceback" not in said
    return said


def what_it_says_to_type(said: str) -> str:
    """The last command in it, without the program."""
    found: list[str] = re.findall(r"python starter\.py (.+)", said)
    return found[-1].strip()


async def test_a_bulk_operation_goes_on_by_itself(place: Place) -> None:
    async with place.worker() as world:
        ids = [await bought(world, customer="many") for _ in range(7)]
        line = "bulk auto-renew off --customer many --id op --yes --rate 1 --canary 1"
        said = await interrupted(place, line, re.compile("[1-6] of 7 items"))
        assert re.search(r"operation op goes on by itself: [1-6] of 7 items by now\. Look: .* bulk show op; ", said)
        progress = await world.server.bulks.handle("op").result()
        assert progress.left == 0
        again = await Terminal.at(place).type("python starter.py bulk show op")
        assert re.search(r"^  done +7$", again, re.MULTILINE)
        for one in ids:
            events = [each.event.value for each in await world.books.subscriptions.events(one)]
            assert events == ["purchased", "auto_renew_changed"]


async def test_a_preview_that_is_stopped_has_begun_nothing(place: Place) -> None:
    async with place.worker() as world:
        await bought(world, customer="one")
    # Without a worker no preview is answered.
    said = await interrupted(place, "bulk auto-renew off --all --yes --id op", "preview")
    assert "Shown: none. Nothing was begun. Again: python starter.py bulk auto-renew off --all --yes --id op" in said
    async with place.worker() as world:
        assert await world.books.bulks.operation("op") is None
        await Terminal.at(place).type(f"python starter.py {what_it_says_to_type(said)}")
        assert (await world.perennial.bulk.view("op")).state is BulkState.DONE


async def test_a_file_of_subscriptions_is_imported_again(place: Place, tmp_path: Path) -> None:
    rows, listed = tmp_path / "rows.jsonl", tmp_path / "catalog.json"
    listed.write_text(json.dumps(CATALOG))
    row = {**ACTIVE, "as_of": AS_OF}
    rows.write_text("".join(json.dumps({**row, "subscription_id": f"s-{number}"}) + "\n" for number in range(3)))
    typist = Terminal.at(place)
    async with place.worker():
        await typist.type(f"python starter.py catalog import {listed}")
    # Without a worker no subscription starts.
    said = await interrupted(place, f"import {rows} --yes", "write into the books")
    assert "3 of 3 are in the books" in said
    async with place.worker() as world:
        again = await typist.type(f"python starter.py {what_it_says_to_type(said)}")
        assert "3 known already, 3 started" in again
        for one in ("s-0", "s-1", "s-2"):
            events = [each.event.value for each in await world.books.subscriptions.events(one)]
            assert events.count("taken_over") == 1


async def test_a_forecast_begins_again(place: Place) -> None:
    await upgrade(place.settings.database_url)
    async with Database(place.settings.database_url) as database:
        books = SqlBooks(database)
        for number in range(60):
            wanted = order(subscription_id=f"s-{number}", at=JANUARY)
            life = LifeSteps().begin(wanted)
            (record, *_) = life.effects
            assert isinstance(record, Record)
            await books.record(RecordInput.of(life.subscription, record, Origin(ahead_by=timedelta())))
    line = "forecast --months 600 --from 2027-02-01"
    said = await interrupted(place, line, "forecast")
    assert f"A forecast changes nothing; to begin it again: python starter.py {line}\n" in said


async def test_a_repair_goes_on(place: Place) -> None:
    async with place.worker() as world:
        one = await bought(world)
    await world.server.subscriptions.handle(one).terminate()
    # Without a worker nothing is repaired to the end.
    said = await interrupted(place, f"reconcile {one} --repair --yes", "0 of 1")
    assert "Repaired: 0 of 1 workflows were tried; what has begun again goes on. To go on: " in said
    async with place.worker():
        await Terminal.at(place).type(f"python starter.py {what_it_says_to_type(said)}", fails=None)
        await Terminal.at(place).until_clean(f"python starter.py reconcile {one}")


async def test_all_clocks_go_on_and_none_goes_too_far(place: Place) -> None:
    async with place.worker() as world:
        ids = [await bought(world, at=JANUARY, tested=True) for _ in range(5)]
        typist = Terminal.at(place)

        async def days() -> set[str]:
            """The days on which it is for them by their clocks."""
            travels = [await travel_of(world.perennial.sources, f"of-{one}") for one in ids]
            return {f"{await travel.now():%Y-%m-%d}" for travel in travels}

        some = re.compile("[1-4] of 5 customers")
        line = "clock advance --all --to 2027-02-20T00:00:00Z"
        said = await interrupted(place, line, some)
        assert re.search(rf"Advanced: [1-4] of 5 customers\. To go on: python starter\.py {line}\n", said)
        await typist.type(f"python starter.py {line}")
        assert await days() == {"2027-02-20"}

        said = await interrupted(place, "clock advance --all --months 1", some)
        assert "The same line would advance them once more; to go on:" in said
        moving = re.findall(r"^of-\S+ is on its way to .*\. To go on: (.+)$", said, re.MULTILINE)
        for each in moving:
            # Refused where the server has ended the leap meanwhile.
            await typist.type(each, fails=None)
        for command, waiting in re.findall(r"^Not begun, each by itself: (.+), of (.+)$", said, re.MULTILINE):
            for each in waiting.split(", "):
                await typist.type(command.replace("CUSTOMER", each))
        assert 0 < len(moving) <= 4
        assert await days() == {"2027-03-20"}


async def test_a_setup_goes_on(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        said = await interrupted(place, "setup --for-tests", silent, TEMPORAL_ADDRESS=address)
    assert "What is prepared stays, and is not prepared twice. To go on: python starter.py setup --for-tests\n" in said
    await Terminal.at(place).type(f"python starter.py {what_it_says_to_type(said)}")
