"""How long `reconcile` takes over many subscriptions on a real server, with their histories and by the lists alone.

The subscriptions are bought from a worker in this process, with its books in SQLite, each by a customer with an account
of its own. A few are terminated: each comparison must find exactly these.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from activities.settings import Settings
from domain.ordering.terms import Order
from hosting.assembly import World, prepare_namespace, running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from perennial.reconciliation.reconciliation import Report
from workflows.durable.workflow_ids import subscription_workflow_id

AT_ONCE = 16
TERMINATED = 3


def order(number: int, at: datetime) -> Order:
    """One monthly subscription of a customer of its own."""
    offer = {"id": "crm", "term": "P1M", "billing_plan": "monthly", "currency": "USD", "unit_price": "10"}
    return Order.model_validate(
        {"subscription_id": f"s-{number:06}", "customer": f"c-{number:06}", "offer": offer, "at": at}, strict=False
    )


async def buy_all(world: World, count: int) -> None:
    """Buy them, and wait until all are recorded."""
    at, waiting = datetime.now(UTC), iter(range(count))

    async def buying() -> None:
        for number in waiting:
            wanted = order(number, at)
            await world.server.subscriptions.buy(wanted)
            await world.server.subscriptions.settled(wanted.subscription_id)
            if (number + 1) % 100 == 0:
                sys.stderr.write(f"{number + 1} of {count} bought\n")

    await asyncio.gather(*(buying() for _ in range(AT_ONCE)))


async def timed(world: World, *, quick: bool) -> tuple[float, Report]:
    began = time.perf_counter()
    report = await world.perennial.reconciliation.run(quick=quick)
    found = sorted(finding.id for finding in report.findings)
    if found != [f"s-{number:06}" for number in range(TERMINATED)]:
        raise SystemExit(f"Found {found}")
    return time.perf_counter() - began, report


async def measure(count: int, directory: Path) -> str:
    settings = Settings.load(
        data_dir=directory, database_url=f"sqlite:///{directory}/perennial.db", tenants_path=directory / "tenants.db"
    )
    lines = [f"{count} subscriptions and {count} accounts, {TERMINATED} subscriptions terminated"]
    async with EmbeddedServer(directory, db_filename=directory / "temporal.db") as server:
        client = await connect_to(server.address)
        await prepare_namespace(client)
        async with running_worker(client, settings) as world:
            await buy_all(world, count)
            for number in range(TERMINATED):
                name = subscription_workflow_id(order(number, datetime.now(UTC)).subscription_id)
                await client.get_workflow_handle(name).terminate(reason="a benchmark")
            await asyncio.sleep(3)  # the server's lists lag
            for words, quick in (("quick", True), ("with histories", False), ("with histories, again", False)):
                took, report = await timed(world, quick=quick)
                lines.append(f"{words:<24} {took:7.2f} s   {report.read:>6} histories read")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=1_000, help="how many there are (default: 1000)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        sys.stdout.write(asyncio.run(measure(asked.subscriptions, Path(directory))))


if __name__ == "__main__":
    main()
