"""i. `record` alone, on SQLite and PostgreSQL, beside raw inserts of as many bytes by the bare driver."""

import asyncio

from benchmarks import record
from benchmarks.databases import DATABASES
from benchmarks.report import Figure, Samples, times_at_least
from benchmarks.scene import Bench

GROUP = "i"
TITLE = "record"
MUST = {"sqlite": times_at_least(0.3), "postgresql": times_at_least(0.21)}
"""At 8 at once: 700 and 500 a second where raw inserts come to 2,359."""


async def measure(bench: Bench) -> list[Figure]:
    """A figure for each number of processes and of decisions at once, and a line for a database that is missing."""
    figures: list[Figure] = []
    for database in DATABASES:
        missing: list[str] = []
        size, places = bench.of((240, 2), (600, 5)), bench.of([(1, 8)], record.PLACES)
        rows = await asyncio.to_thread(record.measure, *size, (database,), places, missing.append)
        figures += [Figure(GROUP, f"record on {database}", "", why=f"not measured: {line}") for line in missing]
        figures += [_figure(*pair) for pair in zip(rows[::2], rows[1::2], strict=True)]
    return figures


def _figure(ours: record.Row, raw: record.Row) -> Figure:
    processes, at_once, database = ours["processes"], ours["at_once"], str(ours["database"])
    name = f"record on {database}, {at_once} at once in {processes} process{'es' if processes != 1 else ''}"
    samples = Samples(ours["turns"], raw["turns"])
    must = MUST[database] if at_once == 8 and processes == 1 else None
    return Figure(GROUP, name, "/s", samples, must, why="bare: raw inserts of as many bytes, a commit each")
