"""Books that were restored from an older copy get back what workflows have written since, row by row."""

import asyncio
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from activities.adapters.sql.database import Database
from activities.wall_clock import wall_clock
from cli.rehearsal.scenario import load
from domain.subscription.commands import Cancel, ChangeQuantity
from domain.subscription.holds import Reason
from hosting.assembly import World
from hosting.sql_books import books_in
from perennial.reconciliation.reconciliation import Reconciliation
from perennial.reconciliation.repair import Repair, Repaired
from perennial.reconciliation.writes import WRITING
from perennial.rehearsal.scenario_runner import ScenarioRun, customer_of_run
from perennial.sources.server import Server
from perennial.sources.sources import Sources
from statemachines.audit.findings import Cure
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.live.repairs import Place, bought
from tests.support.paths import ROOT
from tests.support.shop.live import Shop
from workflows.durable.operator import Operator

LIFE = ROOT / "tests" / "replay" / "lives" / "two-years-billed.yaml"
COPIED_AT = 12
"""After this event of the account: it has paid some invoices, and is suspended for another."""

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


def copy_of(books: Path, copy: Path) -> Path:
    """A copy of the books as they are at this moment, workers or not."""
    with closing(sqlite3.connect(books)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def rows_of(books: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(books)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr) for name in tables}


async def repaired(place: Place, books: Path) -> Repaired:
    """What `reconcile --repair --yes` does with these books."""
    async with Database(f"sqlite:///{books}") as database:
        server = Server.of(place.client, place.settings.task_queue, wall_clock)
        sources = Sources.of(server, books_in(database), nobody, wall_clock)
        report = await Reconciliation(sources).run()
        return await Repair(sources).run(report, Operator(by="operator"))


async def nobody(_: str) -> Any:
    raise AssertionError("nobody signs in here")


async def copied_at(world: World, customer: str, seq: int, books: Path, copy: Path) -> None:
    while len(await world.books.accounts.events(customer)) < seq:
        await asyncio.sleep(0.01)
    copy_of(books, copy)


async def test_an_older_copy_becomes_the_books_that_were_lost(place: Place, tmp_path: Path) -> None:
    """Events, ledger, invoices, payments, holds, access, answers and orders, each as it was."""
    books, copy = tmp_path / "perennial.db", tmp_path / "copy.db"
    scenario = parse_scenario(load(LIFE))
    customer = customer_of_run(scenario, place.settings.task_queue)
    async with place.worker() as world:
        shop = Shop(world)
        buyer, untouched, changed = await shop.customer(), await bought(world), await bought(world)
        copying = asyncio.create_task(copied_at(world, customer, COPIED_AT, books, copy))
        await ScenarioRun(scenario, place.settings.task_queue, world).run(datetime.now(UTC))
        await copying
        change = ChangeQuantity(by="admin_agent", quantity=7)
        await world.server.subscriptions.ask(changed, change)
        await world.server.subscriptions.ask(changed, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
        await world.server.subscriptions.handle(changed).result()
        order = shop.order(buyer, {"offer": "contoso-crm"}, {"offer": "no-such-offer"})
        await shop.buy(order)
        await shop.buy(order)  # the refused line is tried again
        await asyncio.sleep(2)  # the server's list of ended workflows lags
        made = await repaired(place, copy)
        again = await repaired(place, copy)
    assert made.failed == {}
    lost, restored = rows_of(books), rows_of(copy)
    assert {name for name in lost if restored[name] != lost[name]} == set()
    assert made.written["event"] > 10
    assert made.done[Cure.BACKFILL] >= 4, f"the life, its account, two subscriptions, but not {untouched}"
    assert (sum(again.done.values()), again.written, again.failed) == (0, {}, {})


READING = {"first_answer", "recorded_payment", "recall_for_correction", "restore", "concerned", "look_at_uninvoiced"}
ELSEWHERE = {"hand_over_notifications", "tell"}
"""They start or ask other workflows, whose own writes are made again."""
REPEATED = {"finish_telling"}
"""Of an import of the catalog, which is made again."""
REPORTED = {"send_bulk", "note_bulk"}
"""The report of a bulk operation alone: what it did is in its subscriptions (docs/bulk.md)."""


def test_no_activity_that_writes_is_forgotten() -> None:
    """`tell_publisher` writes too, under a constant's name: what is not written is sent again."""
    code = "".join(path.read_text() for path in (ROOT / "activities").rglob("activities.py"))
    names = set(re.findall(r'@activity\.defn\(name="(\w+)"\)', code))
    assert names == WRITING.keys() | READING | ELSEWHERE | REPEATED | REPORTED
