"""How many decisions a second the books record, on SQLite and PostgreSQL, beside raw inserts of as many bytes.

Worker processes record lives of twelve decisions each: a purchase and eleven renewals. So many lives at once stand
for as many activities at once. Beside it, turn by turn, the same processes insert rows into a table without index or
trigger through the bare driver, each row in a commit of its own and as long as what a decision writes. Both databases
write to disk before they answer (`synchronous=FULL`, `fsync=on`).
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from typing import Any, NamedTuple

from sqlalchemy import Connection, Text, cast, func, select

from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import upgrade
from activities.adapters.sql.subscription.books import SqlBooks
from activities.adapters.sql.tables import metadata
from activities.billing.contracts import Origin, RecordInput
from activities.errors import BooksUnavailable
from benchmarks.bare.inserts import insert
from benchmarks.databases import DATABASES
from domain.ordering.terms import Order
from domain.subscription.effects import Record
from statemachines.subscription.life import LifeSteps

BOUGHT = datetime(2027, 1, 15, 9, tzinfo=UTC)
YEAR = timedelta(days=340)
A_LIFE = 12
CUSTOMERS = 50
Places = Sequence[tuple[int, int]]
PLACES: Places = [(1, 1), (1, 8), (1, 32), (4, 8), (4, 32)]
"""Worker processes, and decisions at once in all of them."""
PATIENCE = 300.0
"""Seconds that processes wait for each other before a turn."""

Row = dict[str, Any]


class Task(NamedTuple):
    """What one worker process does: its share of the lives, its lives at once, and the length of a raw row."""

    url: str
    name: str
    lives: int
    at_once: int
    runs: int
    length: int


class Turn(NamedTuple):
    """When a process began and ended one measured turn, the CPU that it took, and what it had to try again."""

    began: float
    ended: float
    cpu: float
    again: int = 0


def decisions(subscription_id: str, customer: str) -> list[RecordInput]:
    """A purchase and its renewals, for the books."""
    offer = {"id": "crm", "term": "P1M", "billing_plan": "monthly", "currency": "USD", "unit_price": "10"}
    bought = Order.model_validate(
        {"subscription_id": subscription_id, "customer": customer, "offer": offer, "at": BOUGHT, "quantity": 3},
        strict=False,
    )
    steps = LifeSteps()
    life, entries = steps.begin(bought), list[RecordInput]()
    while len(entries) < A_LIFE:
        record = next(effect for effect in life.effects if isinstance(effect, Record))
        entries.append(RecordInput.of(life.subscription, record, Origin(invoiced=True, ahead_by=timedelta())))
        moved = steps.step(life.model_copy(update={"effects": ()}), BOUGHT + YEAR)
        if moved is None:
            break
        life = moved
    return entries


def lives(task: Task, run: int) -> list[list[RecordInput]]:
    """The process's share of one turn."""
    return [decisions(f"{task.name}-{run}-{number}", f"c-{number % CUSTOMERS}") for number in range(task.lives)]


async def record(task: Task, run: int, barrier: Barrier) -> Turn:
    """Record all lives, so many at once, each decision after the one before, and again while the database is busy."""
    waiting, again = iter(lives(task, run)), 0
    async with Database(task.url) as database:
        books = SqlBooks(database)

        async def living() -> None:
            nonlocal again
            for life in waiting:
                for entry in life:
                    while not await recorded(books, entry):
                        again += 1

        await books.record(decisions(f"{task.name}-{run}-first", "c-first")[0])
        barrier.wait(PATIENCE)
        began, cpu = time.monotonic(), time.process_time()
        await asyncio.gather(*(living() for _ in range(task.at_once)))
        return Turn(began, time.monotonic(), time.process_time() - cpu, again)


async def recorded(books: SqlBooks, entry: RecordInput) -> bool:
    """Whether it is; not if the database was busy for too long."""
    try:
        await books.record(entry)
    except BooksUnavailable:
        return False
    return True


def insert_raw(task: Task, barrier: Barrier) -> Turn:
    """Insert as many rows as there are decisions, each as long as what one writes."""
    rows, text = task.lives * A_LIFE, "x" * task.length
    return Turn(*insert(task.url, text, rows, task.at_once, lambda: barrier.wait(PATIENCE)))


def work(task: Task) -> list[tuple[Turn, Turn]]:
    """One worker process: in each run it records, and inserts as many raw rows."""
    return [(asyncio.run(record(task, run, _start[0])), insert_raw(task, _start[0])) for run in range(task.runs)]


def _start_at(barrier: Barrier) -> None:
    _start.append(barrier)


_start: list[Barrier] = []
"""In a worker process: where it waits for the others before each turn."""


def turns_of(url: str, processes: int, at_once: int, count: int, runs: int, length: int) -> dict[str, list[list[Turn]]]:
    """Both kinds of turns, run by run: what each process took."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(processes)
    share, slots = max(1, count // A_LIFE // processes), at_once // processes
    names = [f"s-{processes}-{at_once}-{number}" for number in range(processes)]
    tasks = [Task(url, name, max(share, slots), slots, runs, length) for name in names]
    with ProcessPoolExecutor(processes, context, _start_at, (barrier,)) as pool:
        by_process = list(pool.map(work, tasks))
    by_run = list(zip(*by_process, strict=True))
    return {kind: [[pair[n] for pair in run] for run in by_run] for n, kind in enumerate(("record", "raw insert"))}


def rows_of(database: str, url: str, places: Places, count: int, runs: int, length: int) -> Iterator[Row]:
    """The figures of one database, two rows for each place."""
    for processes, at_once in places:
        found = turns_of(url, processes, at_once, count, runs, length)
        lives_each = max(count // A_LIFE // processes, at_once // processes, 1)
        done = lives_each * A_LIFE * processes
        rates = {kind: [_rate(turns, done) for turns in measured] for kind, measured in found.items()}
        for kind, measured in found.items():
            cpu = statistics.median(sum(turn.cpu for turn in turns) / done * 1000 for turns in measured)
            yield {
                "database": database,
                "processes": processes,
                "at_once": at_once,
                "what": kind,
                "per_second": round(statistics.median(rates[kind])),
                "slowest": round(min(rates[kind])),
                "fastest": round(max(rates[kind])),
                "turns": [round(rate, 1) for rate in rates[kind]],
                "of_raw": round(statistics.median(_ratios(rates[kind], rates["raw insert"])), 3),
                "cpu_ms": round(cpu, 2),
                "tried_again": sum(turn.again for turns in measured for turn in turns),
            }


def _rate(turns: list[Turn], done: int) -> float:
    return done / (max(turn.ended for turn in turns) - min(turn.began for turn in turns))


def _ratios(ours: list[float], raw: list[float]) -> list[float]:
    return [our / their for our, their in zip(ours, raw, strict=True)]


async def prepare(url: str) -> int:
    """Set the database up; how many bytes a decision writes on average."""
    await upgrade(url)
    async with Database(url) as database:
        books, entries = SqlBooks(database), decisions("sample", "c-sample")
        for entry in entries:
            await books.record(entry)
        written = await database.read(_bytes_written)
        await database.write(_make_raw)
    return written // len(entries)


def _make_raw(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE raw (value text)")


def _bytes_written(connection: Connection) -> int:
    lengths = (
        select(func.sum(sum(func.coalesce(func.length(cast(column, Text)), 0) for column in table.c)))
        for table in metadata.sorted_tables
    )
    return sum(connection.scalar(each) or 0 for each in lengths)


def measure(
    count: int = 600,
    runs: int = 5,
    databases: tuple[str, ...] = tuple(DATABASES),
    places: Places = PLACES,
    say: Callable[[str], object] = lambda line: sys.stderr.write(line + "\n"),
) -> list[Row]:
    """One row for each database, number of processes, decisions at once and kind of write: first `record`, then raw.

    `turns` are the rates of each turn, and `of_raw` the median of their ratios to the raw inserts of the same turn. A
    database that is missing is left out, in one line.
    """
    found: list[Row] = []
    for database in databases:
        try:
            with DATABASES[database]() as url:
                length = asyncio.run(prepare(url))
                found += rows_of(database, url, places, count, runs, length)
        except OSError as error:
            say(f"{database} is left out: {error}")
    return found


def table_of(rows: list[Row]) -> str:
    """The rows for people."""
    lines = [
        f"{row['database']:<10} {row['processes']} process(es), {row['at_once']:>2} at once  {row['what']:<10} "
        f"median {row['per_second']:>6}/s (slowest {row['slowest']}, fastest {row['fastest']})".ljust(98)
        + f"of raw {row['of_raw']:.3f}   CPU {row['cpu_ms']:.2f} ms   tried again {row['tried_again']}"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=600, help="how many each turn records (default: 600)")
    parser.add_argument("--runs", type=int, default=5, help="turns of each kind (default: 5)")
    parser.add_argument("--database", choices=list(DATABASES), action="append", help="measure only this one")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    given = parser.parse_args()
    rows = measure(given.decisions, given.runs, tuple(given.database or DATABASES))
    sys.stdout.write(json.dumps(rows, indent=2) + "\n" if given.json else table_of(rows))


if __name__ == "__main__":
    main()
