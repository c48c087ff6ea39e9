"""What a page, a filtered page and the counts of `list` cost beside loading every subscription, on a real server.

The subscriptions are open workflows on an embedded server with its database in a file. No worker runs, so none takes
its first step; the search attributes, which are all that a list reads, are given with the start instead.
All are timed in this process, turn by turn.
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

from temporalio.client import Client, WorkflowExecution
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from domain.ordering.terms import Order
from domain.subscription.events import State
from hosting.assembly import prepare_namespace
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from perennial.subscription.listing import LIVING, PAGE_OF_SERVER, Filters
from workflows.durable import search_attributes
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.subscription.messages import Purchase
from workflows.subscription.workflow import SubscriptionWorkflow

BOUGHT = datetime(2027, 1, 31, 9, tzinfo=UTC)
AT_ONCE = 32
SHOWN = 50
CUSTOMERS = 500
STATES = {State.ACTIVE: 90, State.TRIAL: 5, State.SUSPENDED: 3, State.PENDING: 2}
"""Of a hundred subscriptions."""
NOBODY = "a-queue-without-a-worker"

Listing = Callable[[], Awaitable[int]]


def order(number: int) -> Order:
    """One monthly subscription of one of the customers."""
    offer = {
        "id": f"offer-{number % 40}",
        "term": "P1M",
        "billing_plan": "monthly",
        "currency": "USD",
        "unit_price": "10",
    }
    return Order.model_validate(
        {"subscription_id": f"s-{number:06}", "customer": f"c-{number % CUSTOMERS}", "offer": offer, "at": BOUGHT},
        strict=False,
    )


def state(number: int) -> State:
    """By turns, in their shares."""
    place = number * 37 % 100
    for name, share in STATES.items():
        if place < share:
            return name
        place -= share
    return State.ACTIVE


async def start(client: Client, number: int) -> None:
    """An open workflow with every search attribute that a subscription has."""
    bought = order(number)
    subscription = bought.subscription().model_copy(update={"state": State.PENDING})
    changing = search_attributes.changing(subscription, None) | {search_attributes.STATE: state(number).value}
    pairs = [SearchAttributePair(key, value) for key, value in changing.items() if value is not None]
    await client.start_workflow(
        SubscriptionWorkflow.run,
        Purchase(order=bought),
        id=subscription_workflow_id(bought.subscription_id),
        task_queue=NOBODY,
        search_attributes=TypedSearchAttributes([*search_attributes.fixed(bought.subscription()), *pairs]),
    )


async def start_all(client: Client, count: int) -> float:
    """So many at once, with a line of progress now and then; how long it took."""
    began = time.perf_counter()
    waiting = iter(range(count))
    started = 0

    async def starting() -> None:
        nonlocal started
        for number in waiting:
            await start(client, number)
            started += 1
            if started % 1000 == 0:
                sys.stderr.write(f"{started} of {count} started, {started / (time.perf_counter() - began):.0f}/s\n")

    await asyncio.gather(*(starting() for _ in range(AT_ONCE)))
    return time.perf_counter() - began


async def until_visible(client: Client, count: int, patience: timedelta = timedelta(minutes=2)) -> None:
    """The server lists a workflow a moment after it has it."""
    latest = time.monotonic() + patience.total_seconds()
    while (await client.count_workflows(Filters().query(None))).count < count:
        if time.monotonic() > latest:
            raise SystemExit("The server does not list all that was started.")
        await asyncio.sleep(0.1)


class Lists:
    """What people ask of the list."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def first_page(self) -> int:
        """`list`."""
        return len(await self._rows(Filters(), SHOWN))

    async def filtered_page(self) -> int:
        """`list --customer c-7`."""
        return len(await self._rows(Filters(customer="c-7"), SHOWN))

    async def counts(self) -> int:
        """`list --count`: one count for each living state."""
        found = [(await self._client.count_workflows(Filters().query(name))).count for name in LIVING]
        return sum(found)

    async def everything(self) -> int:
        """Every living subscription, counted here."""
        return len(await self._rows(Filters(), None))

    async def _rows(self, filters: Filters, limit: int | None) -> list[tuple[str, str | None]]:
        size = min(limit or PAGE_OF_SERVER, PAGE_OF_SERVER)
        pages = self._client.list_workflows(filters.query(None), limit=limit, page_size=size)
        return [_row(execution) async for execution in pages]


def _row(execution: WorkflowExecution) -> tuple[str, str | None]:
    return execution.id, execution.typed_search_attributes.get(search_attributes.STATE)


async def milliseconds(listing: Listing) -> float:
    """Wall-clock time of one listing."""
    began = time.perf_counter()
    await listing()
    return (time.perf_counter() - began) * 1000


async def measure(count: int, runs: int, directory: Path) -> str:
    async with EmbeddedServer(directory, db_filename=directory / "temporal.db") as server:
        client = await connect_to(server.address)
        await prepare_namespace(client)
        took = await start_all(client, count)
        await until_visible(client, count)
        lists = Lists(client)
        asked: dict[str, Listing] = {
            f"first page of {SHOWN}": lists.first_page,
            "one customer's page": lists.filtered_page,
            "counts by state": lists.counts,
            "loading all": lists.everything,
        }
        found = {name: await listing() for name, listing in asked.items()}
        if found["counts by state"] != count or found["loading all"] != count:
            raise SystemExit(f"Not everything was found: {found}")
        times: dict[str, list[float]] = {name: [] for name in asked}
        for turn in range(runs):
            for name, listing in asked.items():
                times[name].append(await milliseconds(listing))
            sys.stderr.write(f"turn {turn + 1} of {runs}\n")
    whole = statistics.median(times["loading all"])
    lines = [f"{count} open subscriptions, started in {took:.0f} s ({count / took:.0f}/s), {runs} runs"]
    for name, measured in times.items():
        one = statistics.median(measured)
        spread = f"(fastest {min(measured):.1f}, slowest {max(measured):.1f})"
        lines.append(
            f"{name:<20} {found[name]:>6} found   median {one:8.1f} ms   {spread:<36} all / this {whole / one:6.1f}"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=10_000, help="how many there are (default: 10000)")
    parser.add_argument("--runs", type=int, default=15, help="how often each is timed (default: 15)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        sys.stdout.write(asyncio.run(measure(asked.subscriptions, asked.runs, Path(directory))))


if __name__ == "__main__":
    main()
