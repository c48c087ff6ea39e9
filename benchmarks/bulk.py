"""What a bulk operation on many subscriptions takes: to plan it with every preview, and to carry it out.

An embedded server, one worker in this process and a SQLite file of their own; the rate is as high as it goes.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from activities.settings import Settings
from domain.bulk.items import ItemStatus
from domain.bulk.requests import Selection
from domain.ordering.terms import Order
from domain.subscription.commands import ChangeQuantity
from hosting.assembly import World, prepare_namespace, running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from perennial.bulk.bulk import Pace
from perennial.bulk.planning import Choice
from workflows.bulk.messages import FASTEST

AT_ONCE = 32
"""How many are bought at a time."""
CUSTOMER, BULK = "many", "measured"
OFFER = {"id": "contoso-crm", "term": "P1M", "billing_plan": "monthly", "currency": "USD", "unit_price": "10"}


def order(number: int) -> Order:
    """A monthly subscription of two licences, bought now."""
    line = {"subscription_id": f"s-{number:06}", "customer": CUSTOMER, "quantity": 2, "offer": OFFER}
    return Order.model_validate({**line, "at": datetime.now(UTC)}, strict=False)


async def buy(world: World, subscriptions: int) -> None:
    """Buy them, some at a time, and wait until the books have them."""
    numbers = iter(range(subscriptions))

    async def some() -> None:
        for number in numbers:
            wanted = order(number)
            await world.server.subscriptions.buy(wanted, invoiced=False)
            await world.server.subscriptions.settled(wanted.subscription_id)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


@contextmanager
def timed(took: dict[str, float], step: str) -> Iterator[None]:
    """Note how many seconds the step takes."""
    began = time.perf_counter()
    yield
    took[step] = time.perf_counter() - began
    sys.stderr.write(f"{step}: {took[step]:,.1f} s\n")


async def run_once(directory: Path, subscriptions: int) -> dict[str, float]:
    """The seconds of each step. What was done must be what was planned, to the cent."""
    took: dict[str, float] = {}
    settings = Settings(
        database_url=f"sqlite:///{directory / 'books.db'}", tenants_path=directory / "tenants.db", data_dir=directory
    )
    async with EmbeddedServer(directory) as server:
        client = await connect_to(server.address)
        await prepare_namespace(client)
        async with running_worker(client, settings) as world:
            with timed(took, "bought"):
                await buy(world, subscriptions)
            bulk, ask = world.perennial.bulk, ChangeQuantity(by="admin_agent", quantity=5)
            with timed(took, "planned"):
                plan = await bulk.plan(Choice.by_filters(ask, Selection(customer=CUSTOMER)))
            assert plan.totals.count(ItemStatus.WAITING) == subscriptions
            with timed(took, "written down"):
                await bulk.start(BULK, plan, Pace(FASTEST))
            with timed(took, "carried out"):
                done = await bulk.settled(BULK)
            assert done.counts == {ItemStatus.DONE: subscriptions}
            assert done.charges == plan.totals.charges(ItemStatus.WAITING)
    return took


def main() -> None:
    """Print the seconds of each step."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk", description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        took = asyncio.run(run_once(Path(directory), given.subscriptions))
    for step in ("planned", "written down", "carried out"):
        per_second = given.subscriptions / took[step]
        sys.stdout.write(
            f"{given.subscriptions:,} items {step} in {took[step]:,.1f} s ({per_second:,.0f} per second)\n"
        )


if __name__ == "__main__":
    main()
