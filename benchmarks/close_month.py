"""What closing a customer's month costs beside recording what is on it, and usage in bulk beside usage one by one.

A customer with many subscriptions, each charged once, in a SQLite file of its own; all timed in this process.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from activities.accounts.contracts import CloseInput
from activities.adapters.sql.account.auditor import SqlAccountAuditor
from activities.adapters.sql.account.books import SqlAccountBooks
from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import upgrade
from activities.adapters.sql.subscription.books import SqlBooks
from activities.billing.contracts import Origin, RecordInput
from domain.account.events import Close
from domain.account.terms import month_end
from domain.calendar import Period
from domain.ordering.terms import Order
from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer, Outcome
from domain.subscription.effects import Record
from statemachines.subscription.life import LifeSteps

BOUGHT = datetime(2027, 1, 15, 9, tzinfo=UTC)
MONTH = Period(start=BOUGHT, end=month_end(BOUGHT))
BATCH = 1_000
METER = "meter"


def order(subscription_id: str, **offer: str) -> Order:
    """A monthly subscription of the one customer."""
    sold = {
        "id": "contoso-crm",
        "term": "P1M",
        "billing_plan": "monthly",
        "currency": "USD",
        "unit_price": "10",
        **offer,
    }
    return Order.model_validate(
        {"subscription_id": subscription_id, "customer": "fabrikam", "offer": sold, "at": BOUGHT, "quantity": 1},
        strict=False,
    )


def recorded(bought: Order) -> RecordInput:
    """The purchase, for the books."""
    life = LifeSteps().begin(bought)
    (record, *_) = life.effects
    assert isinstance(record, Record)
    return RecordInput.of(life.subscription, record, Origin(ahead_by=timedelta()))


def report(number: int) -> ReportUsage:
    """One usage report."""
    return ReportUsage.model_validate({"by": "service", "usage_id": f"u-{number}", "units": "0.5"})


async def seconds(work: Callable[[], Awaitable[object]]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def run_once(directory: Path, subscriptions: int, reports: int) -> dict[str, float]:
    """Every figure of one run, in seconds."""
    url = f"sqlite:///{directory / 'books.db'}"
    await upgrade(url)
    taken = Answer(
        at=BOUGHT + timedelta(hours=1), do="report_usage", outcome=Outcome.DONE, rule="CXL-6", message="", seq=1
    )
    async with Database(url) as database:
        books = SqlBooks(database)
        entries = [recorded(order(f"s-{number:06}")) for number in range(subscriptions)]

        async def record_all() -> None:
            for entry in entries:
                await books.record(entry)

        found = {"record": await seconds(record_all)}
        close = Close(period=MONTH, due_at=MONTH.end + timedelta(days=60), carried_in={})
        account_books = SqlAccountBooks(database)
        found["close"] = await seconds(
            lambda: account_books.close(CloseInput(customer_id="fabrikam", close=close, test_clock=True))
        )
        found["check"] = await seconds(SqlAccountAuditor(database).page)
        await books.record(recorded(order(METER, billing_type="usage", publisher="microsoft", unit_price="0.01")))

        async def in_bulk() -> None:
            for first in range(0, reports, BATCH):
                await books.report_usages(METER, [report(n) for n in range(first, first + BATCH)], taken)

        async def one_by_one() -> None:
            for number in range(reports, reports + BATCH):
                await books.report_usage(METER, report(number), taken)

        found["usage in bulk"] = await seconds(in_bulk) / reports
        found["usage one by one"] = await seconds(one_by_one) / BATCH
    return found


def main() -> None:
    """Print the medians, and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=2_000)
    parser.add_argument("--reports", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    runs = []
    for number in range(given.runs):
        with tempfile.TemporaryDirectory() as directory:
            runs.append(asyncio.run(run_once(Path(directory), given.subscriptions, given.reports)))
        sys.stderr.write(f"run {number + 1} of {given.runs}\n")
    median = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    rows = given.subscriptions
    sys.stdout.write(
        f"{rows:,} subscriptions recorded     {median['record']:8.2f} s\n"
        f"their month closed                {median['close']:8.2f} s   1 : {median['record'] / median['close']:.0f}\n"
        f"the customer's money checked      {median['check']:8.2f} s   1 : {median['record'] / median['check']:.0f}\n"
        f"a usage report, of {given.reports:,} in bulk {median['usage in bulk'] * 1e6:8.0f} us\n"
        f"a usage report by itself          {median['usage one by one'] * 1e6:8.0f} us  "
        f"{median['usage one by one'] / median['usage in bulk']:.0f} : 1\n"
    )


if __name__ == "__main__":
    main()
