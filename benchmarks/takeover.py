"""What it takes to import many running subscriptions, step by step, and to export them again.

The rows are read from a CSV file, judged, written into SQLite and started on a server of its own with a worker in this
process; every tenth one names an open invoice. Each customer has ten subscriptions. The second import finds all done.
"""

import argparse
import asyncio
import csv
import sys
import tempfile
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from activities.settings import Settings
from cli.takeover.file import rows_in
from domain.calendar import AnchorRule, boundary
from domain.catalog.catalog import Contents, ListedOffer
from domain.catalog.customers import Customer, Partner, Segment
from domain.values import format_instant
from hosting.assembly import World, prepare_namespace, running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from perennial.takeover.exporting import ExportFilters, LeftOut
from perennial.takeover.importing import START, WRITE
from workflows.durable.operator import Operator

PER_CUSTOMER = 10
T = TypeVar("T")
OFFER = {
    "id": "crm",
    "name": "CRM",
    "vendor": "contoso",
    "publisher": "partner",
    "billing_type": "license",
    "category": "enterprise",
    "term": "P1M",
    "billing_plan": "monthly",
    "currency": "USD",
    "unit_price": "10",
}


def catalog(rows: int, now: datetime) -> Contents:
    """The offer, and all customers."""
    people = tuple(
        Customer(
            id=f"c-{number:05}",
            name=f"Customer {number}",
            partner="litware",
            country="US",
            segment=Segment.COMMERCIAL,
            account_opened=now - timedelta(days=400),
        )
        for number in range(-(-rows // PER_CUSTOMER))
    )
    offer = ListedOffer.model_validate(OFFER, strict=False)
    return Contents(partners=(Partner(id="litware", name="Litware"),), customers=people, offers=(offer,))


def write_rows(file: Path, rows: int, now: datetime) -> None:
    """The file: months that began at different days, all paid."""
    columns = ("reference", "customer", "offer", "state", "quantity", "unit_price", "ordered_at", "term_start")
    with file.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow([*columns, "paid_until", "open_invoices"])
        for number in range(rows):
            start = (now - timedelta(days=1 + number % 25)).replace(microsecond=0)
            dates = [format_instant(each) for each in (start, start, boundary(start, 1, AnchorRule.CLAMP))]
            due = format_instant(now + timedelta(days=20))
            owed = f"{number}=30.00 USD issued {dates[0]} due {due}" if number % PER_CUSTOMER == 0 else ""
            row = [f"old/{number}", f"c-{number // PER_CUSTOMER:05}", "crm", "active", number % 20 + 1, "9.50"]
            table.writerow([*row, *dates, owed])


async def timed(words: str, work: Awaitable[T], lines: list[str], count: int) -> T:
    began, cpu = time.perf_counter(), time.process_time()
    found = await work
    took = time.perf_counter() - began
    lines.append(f"{words:<34} {took:7.1f} s   {time.process_time() - cpu:7.1f} s of CPU   {count / took:8,.0f} per s")
    sys.stderr.write(f"{lines[-1]}\n")
    return found


async def measure(rows: int, directory: Path, *, dry: bool) -> str:
    now, file = datetime.now(UTC), directory / "rows.csv"
    write_rows(file, rows, now)
    settings = Settings.load(
        data_dir=directory, database_url=f"sqlite:///{directory}/perennial.db", tenants_path=directory / "tenants.db"
    )
    lines: list[str] = [f"{rows:,} rows of {-(-rows // PER_CUSTOMER):,} customers"]
    async with EmbeddedServer(directory, db_filename=directory / "temporal.db") as server:
        client = await connect_to(server.address)
        await prepare_namespace(client)
        async with running_worker(client, settings) as world:
            await world.books.catalog.import_contents(catalog(rows, now), "a benchmark", now)
            for _ in range(1 if dry else 2):
                await imported(world, file, rows, lines, dry=dry)
            if not dry:
                await timed("export", exported(world), lines, rows)
    return "\n".join(lines) + "\n"


async def imported(world: World, file: Path, count: int, lines: list[str], *, dry: bool) -> None:
    """One import of the file, with the time of each step."""
    use_case = world.perennial.takeover_import
    began = time.perf_counter()
    read = rows_in(file)
    lines.append(f"{'read the file':<34} {time.perf_counter() - began:7.1f} s")
    plan = await timed("judge all rows", use_case.check(read.rows, "admin_agent"), lines, count)
    if dry:
        return
    steps: dict[str, float] = {}

    def watch(step: str, done: int, total: int) -> None:
        if done == total:
            steps[step] = time.perf_counter()

    began = time.perf_counter()
    done = await timed(
        f"import: {len(plan.new):,} new", use_case.run(plan, Operator(by="admin_agent"), watch), lines, count
    )
    ends: list[Any] = [("written into the books", WRITE), ("started", START)]
    lines += [f"  {words}, after {steps[step] - began:.1f} s" for words, step in ends if step in steps]
    if done.failed:
        raise SystemExit(f"{len(done.failed)} failed, such as {next(iter(done.failed.items()))}")


async def exported(world: World) -> int:
    pages = world.perennial.takeover_export.pages(ExportFilters(), LeftOut())
    return sum([len(page) async for page in pages])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000, help="how many there are (default: 10000)")
    parser.add_argument("--dry-run", action="store_true", help="stop when all rows are judged")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        sys.stdout.write(asyncio.run(measure(asked.rows, Path(directory), dry=asked.dry_run)))


if __name__ == "__main__":
    main()
