"""Chaos: random lives while workers, server and database are killed, locked, full and away: `python -m tests.chaos`.

The simulator says what each life must come to; `check` and `reconcile` look at all of it afterwards. The seed gives the
same lives, places and disasters again. The exit code is 1 if anything is wrong, or if a kind of fault never happened.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.harm.databases import PostgresBooks
from tests.chaos.result import Result, Wanted, spared, spread
from tests.chaos.storm import storm
from tests.support.postgres_server import own_server

SQLITE, POSTGRESQL = "sqlite", "postgresql"


@contextmanager
def postgres_books() -> Iterator[PostgresBooks]:
    """An empty database of a PostgreSQL of our own. Raises NoServer."""
    with own_server() as (server, _):
        name = server.create()
        url = server.url(name)
        socket = url.partition("host=")[2].partition("&")[0].replace("%2F", "/")
        yield PostgresBooks(url, Path(socket) / "data" / "postmaster.pid")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="what to repeat (default: the time)")
    parser.add_argument("--minutes", type=float, default=25, help="for all databases together (default: 25)")
    parser.add_argument("--years", type=float, default=1000, help="enough subscription-years (default: 1000)")
    parser.add_argument("--kills", type=int, default=1000, help="enough kills of workers (default: 1000)")
    parser.add_argument("--on", action="append", choices=[SQLITE, POSTGRESQL], help="a database (default: both)")
    parser.add_argument("--at-once", type=int, default=20, help="lives at once (default: 20)")
    parser.add_argument("--rate", type=int, default=300, help="struck places of 10,000 (default: 300)")
    parser.add_argument("--pause", type=float, default=0.6, help="seconds between disasters (default: 0.6)")
    parser.add_argument("--own-timeouts", action="store_true", help="the product's timeouts, not two seconds")
    given = parser.parse_args()
    databases = given.on or [SQLITE, POSTGRESQL]
    share = len(databases)
    wanted = Wanted(
        seed=given.seed,
        seconds=given.minutes * 60 / share,
        years=given.years / share,
        kills=given.kills // share,
        pause=given.pause,
        rate=given.rate,
        at_once=given.at_once,
        own_timeouts=given.own_timeouts,
    )
    results = []
    for database in databases:
        results.append(_on(database, wanted))
        sys.stdout.write("".join(f"{line}\n" for line in results[-1].lines()))
        sys.stdout.flush()
    years, seconds = sum(result.years for result in results), sum(result.seconds for result in results)
    kills, wrong = sum(result.kills for result in results), sum(len(result.problems) for result in results)
    recoveries = spread([seconds for result in results for seconds in result.recoveries])
    answers = spread([seconds for result in results for seconds in result.first_answers])
    sys.stdout.write(f"worker kill to effect done: {recoveries}\nserver kill to first answer: {answers}\n")
    sys.stdout.write(f"together {years:,.0f} years, {kills} kills, {seconds / 60:,.1f} minutes, {wrong} violations\n")
    if never := spared(results):
        sys.stdout.write(f"DOES NOT COUNT, never happened: {', '.join(never)}\n")
    return 1 if wrong or never else 0


def _on(database: str, wanted: Wanted) -> Result:
    if database == SQLITE:
        return asyncio.run(storm(wanted))
    with postgres_books() as books:
        return asyncio.run(storm(wanted, books))


if __name__ == "__main__":
    sys.exit(main())
