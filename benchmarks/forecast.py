"""What a forecast of many subscriptions takes, beside reading them alone.

Monthly and yearly ones, of three currencies, in a SQLite file of its own; all timed in this process.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import upgrade
from activities.adapters.sql.subscription.books import SqlBooks
from activities.billing.contracts import Origin, RecordInput
from domain.ordering.terms import Order
from domain.subscription.effects import Record
from hosting.sql_books import books_in
from perennial.sources.sources import Sources
from perennial.subscription.forecast import ALL, PAGE, forecast_of
from statemachines.subscription.life import LifeSteps

BOUGHT = datetime(2027, 1, 15, 9, tzinfo=UTC)
START = datetime(2027, 2, 1, tzinfo=UTC)
CURRENCIES = ("USD", "EUR", "JPY")
YEARLY = 4
"""One in so many is billed yearly."""


def order(number: int) -> Order:
    """A subscription of its own kind and currency, by turns."""
    terms = ("P1M", "monthly") if number % YEARLY else ("P1Y", "annual")
    sold = {
        "id": "contoso-crm",
        "term": terms[0],
        "billing_plan": terms[1],
        "currency": CURRENCIES[number % len(CURRENCIES)],
        "unit_price": "10",
        "add_ons": [{"id": "backup", "unit_price": "2"}],
    }
    line = {"subscription_id": f"s-{number:06}", "customer": f"c-{number % 500}", "quantity": number % 20 + 1}
    return Order.model_validate({**line, "offer": sold, "at": BOUGHT, "add_ons": {"backup": 1}}, strict=False)


async def run_once(directory: Path, subscriptions: int, months: int, turns: int) -> dict[str, list[float]]:
    """The seconds of each turn: a forecast, its CPU, and reading what it needs."""
    url, steps = f"sqlite:///{directory / 'books.db'}", LifeSteps()
    await upgrade(url)
    took: dict[str, list[float]] = {"forecast": [], "cpu": [], "reading": []}
    async with Database(url) as database:
        books, writing = books_in(database), SqlBooks(database)
        for number in range(subscriptions):
            life = steps.begin(order(number))
            (record, *_) = life.effects
            assert isinstance(record, Record)
            await writing.record(RecordInput.of(life.subscription, record, Origin(ahead_by=timedelta())))
        sys.stderr.write(f"{subscriptions:,} subscriptions recorded\n")

        async def none() -> NoReturn:
            raise AssertionError("a forecast asks no server")

        async def the_books() -> object:
            return books

        sources = Sources(none, the_books, none, lambda: START)  # type: ignore[arg-type]
        for turn in range(turns):
            began = time.perf_counter()
            after = None
            while page := await books.portfolio.page(ALL, PAGE, after):
                after = page[-1].subscription_id
            took["reading"].append(time.perf_counter() - began)
            began, cpu = time.perf_counter(), time.process_time()
            found = await forecast_of(sources, ALL, months, START, lambda _, __: None)
            took["forecast"].append(time.perf_counter() - began)
            took["cpu"].append(time.process_time() - cpu)
            assert found.subscriptions == subscriptions
            sys.stderr.write(f"turn {turn + 1} of {turns}\n")
    return took


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=10_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        took = asyncio.run(run_once(Path(directory), given.subscriptions, given.months, given.turns))
    median = {name: statistics.median(times) for name, times in took.items()}
    sys.stdout.write(
        f"{given.subscriptions:,} subscriptions forecast for {given.months} months {median['forecast']:.1f} s "
        f"({median['cpu']:.1f} s of CPU), of which reading them {median['reading']:.1f} s\n"
    )


if __name__ == "__main__":
    main()
