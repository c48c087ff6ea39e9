"""g. `list` over many open subscriptions, beside loading every one of them.

They are open workflows on a server with its database in a file. No worker runs, so none takes its first step; the
search attributes, which are all that a list reads, are given with the start instead.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from benchmarks.report import Figure, NotMeasured, Samples
from benchmarks.scene import Bench, each
from benchmarks.sides import BOUGHT, UNTOLD, offer
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

GROUP = "g"
TITLE = "lists"
SHOWN = 50
CUSTOMERS = 500
STATES = {State.ACTIVE: 90, State.TRIAL: 5, State.SUSPENDED: 3, State.PENDING: 2}
"""Of a hundred subscriptions."""
NOBODY = "a-queue-without-a-worker"
PATIENCE = timedelta(minutes=2)
WHY = "the bare figure is loading all of them"

Listing = Callable[[], Awaitable[int]]


class Lists:
    """What people ask of the list."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def first_page(self) -> int:
        """`list`."""
        return await self._rows(Filters(), SHOWN)

    async def filtered_page(self) -> int:
        """`list --customer c-7`."""
        return await self._rows(Filters(customer="c-7"), SHOWN)

    async def counts(self) -> int:
        """`list --count`: one count for each living state."""
        return sum([(await self._client.count_workflows(Filters().query(name))).count for name in LIVING])

    async def everything(self) -> int:
        """Every living subscription, counted here."""
        return await self._rows(Filters(), None)

    async def _rows(self, filters: Filters, limit: int | None) -> int:
        size = min(limit or PAGE_OF_SERVER, PAGE_OF_SERVER)
        pages = self._client.list_workflows(filters.query(None), limit=limit, page_size=size)
        return len([one.typed_search_attributes.get(search_attributes.STATE) async for one in pages])


async def measure(bench: Bench) -> list[Figure]:
    """Turn by turn, over the same subscriptions."""
    count, turns = bench.of((300, 3), (10_000, 15))
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        async with EmbeddedServer(directory, db_filename=directory / "temporal.db") as server:
            client = await connect_to(server.address)
            await prepare_namespace(client)
            await each(range(count), lambda number: _start(client, number))
            bench.say(f"lists: {count} started")
            lists = Lists(client)
            await _until_all_are_listed(lists, count)
            asked: dict[str, Listing] = {
                f"first page of {SHOWN}": lists.first_page,
                "one customer's page": lists.filtered_page,
                "counts by state": lists.counts,
            }
            everything: list[float] = []
            took: dict[str, list[float]] = {words: [] for words in asked}
            for turn in range(turns):
                everything.append(await _milliseconds(lists.everything))
                for words, listing in asked.items():
                    took[words].append(await _milliseconds(listing))
                bench.say(f"lists: turn {turn + 1} of {turns}")
    return [
        Figure(GROUP, f"list of {count:,}: {words}", "ms", Samples(times, everything), why=WHY)
        for words, times in took.items()
    ]


async def _start(client: Client, number: int) -> None:
    """An open workflow with every search attribute that a subscription has."""
    order = Order(
        subscription_id=f"s-{number:06}",
        customer=f"c-{number % CUSTOMERS}",
        offer=offer(UNTOLD).sold(BOUGHT),
        at=BOUGHT,
    )
    subscription = order.subscription().model_copy(update={"state": State.PENDING})
    changing = search_attributes.changing(subscription, None) | {search_attributes.STATE: _state(number).value}
    pairs = [SearchAttributePair(key, value) for key, value in changing.items() if value is not None]
    await client.start_workflow(
        SubscriptionWorkflow.run,
        Purchase(order=order),
        id=subscription_workflow_id(order.subscription_id),
        task_queue=NOBODY,
        search_attributes=TypedSearchAttributes([*search_attributes.fixed(subscription), *pairs]),
    )


def _state(number: int) -> State:
    """By turns, in their shares."""
    place = number * 37 % 100
    for name, share in STATES.items():
        if place < share:
            return name
        place -= share
    return State.ACTIVE


async def _until_all_are_listed(lists: Lists, count: int) -> None:
    """The server lists a workflow a moment after it has it."""
    latest = time.monotonic() + PATIENCE.total_seconds()
    while await lists.counts() < count:
        if time.monotonic() > latest:
            raise NotMeasured("the server does not list all that was started")
        await asyncio.sleep(0.1)


async def _milliseconds(listing: Listing) -> float:
    began = time.perf_counter()
    await listing()
    return (time.perf_counter() - began) * 1000
