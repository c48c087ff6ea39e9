"""BUY-5: an import's prices reach every subscription of the offer, once, and a renewal then takes them."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import pytest

from activities.adapters.sql.orders.orders import SqlOrders
from activities.orders.contracts import OpenInput, PlaceInput
from activities.prices.contracts import Told
from domain.catalog.changes import Imported
from domain.subscription.commands import Cancel
from domain.subscription.holds import Reason
from hosting.assembly import World
from tests.support.live.repairs import delete
from tests.support.shop.live import Shop, imported
from tests.support.shop.offers import listed
from workflows.calls.errors import CallError, NotFound
from workflows.durable.clock import TestClock
from workflows.durable.workflow_ids import price_workflow_id, subscription_workflow_id
from workflows.price_changes.messages import PriceProgress, TellPrices
from workflows.price_changes.workflow import PriceChangeWorkflow

pytestmark = pytest.mark.live
_offers = itertools.count(1)


class Priced:
    """An offer of the test's own, whose coming prices are imported."""

    def __init__(self, world: World) -> None:
        self.id = f"priced-{next(_offers)}"
        self._world = world

    async def prices(self, **by_days: str) -> Imported:
        """Import the offer with these prices, each so many days from now: `d5="12.00"`."""
        now = datetime.now(UTC)
        coming = [
            {"at": (now + timedelta(days=int(day[1:]))).isoformat(), "unit_price": price}
            for day, price in by_days.items()
        ]
        return await imported(self._world.books.catalog, listed(id=self.id, name="Priced", prices=coming), at=now)


@pytest.fixture
async def priced(world: World) -> Priced:
    """In the catalog at USD 10.00, for ever."""
    priced = Priced(world)
    await priced.prices()
    return priced


async def told(world: World, version: int) -> PriceProgress:
    await world.server.prices.tell(version)
    return await world.server.prices.settled(version)


async def prices_of(world: World, subscription_id: str) -> list[str]:
    """The coming prices that the subscription knows."""
    return [
        str(price.unit_price) for price in (await world.server.subscriptions.life(subscription_id)).subscription.prices
    ]


async def names(world: World, subscription_id: str) -> list[str]:
    await world.server.subscriptions.settled(subscription_id)
    return [event.event.value for event in await world.books.subscriptions.events(subscription_id)]


async def test_each_is_told_once_and_the_renewal_takes_the_price(world: World, shop: Shop, priced: Priced) -> None:
    buyer = await shop.customer()
    bought = [await shop.buy_one(buyer, priced.id) for _ in range(3)]
    other = await shop.buy_one(buyer, "contoso-crm")
    version = (await priced.prices(d10="12.00")).version
    assert version in await world.books.catalog.versions_to_send()
    seen: list[PriceProgress] = []
    await world.server.prices.tell(version)
    assert await world.server.prices.settled(version, seen.append) == PriceProgress(done=3, total=3, told=Told(told=3))
    assert seen[-1].done == 3
    assert version not in await world.books.catalog.versions_to_send()
    for one in bought:
        assert await names(world, one) == ["purchased", "price_scheduled"]
        assert (await prices_of(world, one))[-1] == "12.00"
    assert await names(world, other) == ["purchased"]
    await told(world, version)
    assert await names(world, bought[0]) == ["purchased", "price_scheduled"]
    handle, later = world.server.subscriptions.handle(bought[0]), datetime.now(UTC) + timedelta(days=33)
    await world.clock.advance(handle, TestClock(), later)
    await world.server.subscriptions.settled(bought[0], later)
    assert [str(row.amount) for row in await world.books.subscriptions.rows(bought[0])] == ["10.00", "12.00"]


async def test_the_newest_version_wins_whichever_is_told_last(world: World, shop: Shop, priced: Priced) -> None:
    bought = await shop.buy_one(await shop.customer(), priced.id)
    first = (await priced.prices(d10="12.00")).version
    second = (await priced.prices(d10="13.00")).version
    assert (await told(world, second)).told == Told(told=1)
    known = await prices_of(world, bought)
    assert known[-1] == "13.00"
    # The version before sends its own prices, which a subscription that knows newer ones does not take.
    assert (await told(world, first)).told == Told(unchanged=1)
    assert await prices_of(world, bought) == known
    assert await names(world, bought) == ["purchased", "price_scheduled"]
    assert {first, second} & set(await world.books.catalog.versions_to_send()) == set()


async def test_what_was_bought_under_the_new_version_knows_its_prices(world: World, shop: Shop, priced: Priced) -> None:
    version = (await priced.prices(d10="12.00")).version
    bought = await shop.buy_one(await shop.customer(), priced.id)
    assert (await told(world, version)).told == Told(unchanged=1)
    assert await names(world, bought) == ["purchased"]


async def test_ended_ones_are_skipped(world: World, shop: Shop, priced: Priced) -> None:
    buyer = await shop.customer()
    ended, living = [await shop.buy_one(buyer, priced.id) for _ in range(2)]
    await world.server.subscriptions.ask(ended, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
    version = (await priced.prices(d10="12.00")).version
    assert await told(world, version) == PriceProgress(done=1, total=1, told=Told(told=1))
    assert await names(world, ended) == ["purchased", "cancelled"]
    assert await names(world, living) == ["purchased", "price_scheduled"]


async def test_twenty_callers_at_once_tell_once(world: World, shop: Shop, priced: Priced) -> None:
    bought = await shop.buy_one(await shop.customer(), priced.id)
    version = (await priced.prices(d10="12.00")).version
    await asyncio.gather(*(world.server.prices.tell(version) for _ in range(20)))
    await world.server.prices.settled(version)
    assert await names(world, bought) == ["purchased", "price_scheduled"]


async def test_pages_and_runs_carry_the_progress(world: World, shop: Shop, priced: Priced) -> None:
    buyer = await shop.customer()
    order = await shop.buy(shop.order(buyer, *[{"offer": priced.id}] * 7))
    version = (await priced.prices(d10="12.00")).version
    handle = await world.server.client.start_workflow(
        PriceChangeWorkflow.run,
        TellPrices(version=version, batch=2, batches_per_run=2),
        id=price_workflow_id(version),
        task_queue="perennial",
    )
    first_run = handle.result_run_id
    assert await handle.result() == PriceProgress(done=7, total=7, told=Told(told=7))
    assert (await world.server.prices.handle(version).describe()).run_id != first_run
    for line in order.lines:
        assert await names(world, line.subscription_id) == ["purchased", "price_scheduled"]


async def test_what_is_about_to_start_is_told_once_it_has(world: World, shop: Shop, priced: Priced) -> None:
    """A placed line's copy of the prices may be the older one: it must not be missed."""
    wanted = shop.order(await shop.customer(), {"offer": priced.id})
    now = datetime.now(UTC)
    orders = world.books.orders
    assert isinstance(orders, SqlOrders)
    await orders.open(OpenInput(request=wanted, at=now))
    await orders.place(PlaceInput(order_id=wanted.order_id, number=1, at=now))
    version = (await priced.prices(d10="12.00")).version
    await world.server.prices.tell(version)
    handle = world.server.prices.handle(version)
    while "has not started yet" not in str((await handle.describe()).raw_description.pending_activities):
        await asyncio.sleep(0.02)
    bought = (await shop.buy(wanted)).lines[0].subscription_id
    assert await world.server.prices.settled(version) == PriceProgress(done=1, total=1, told=Told(told=1))
    assert await names(world, bought) == ["purchased", "price_scheduled"]


async def test_who_cannot_be_told_keeps_the_version_open(world: World, shop: Shop, priced: Priced) -> None:
    """The books know a subscription that the server does not: the others are told, and it is named."""
    bought = await shop.buy_one(await shop.customer(), priced.id)
    gone = await shop.buy_one(await shop.customer(), priced.id)
    await delete(world.server.client, subscription_workflow_id(gone))
    version = (await priced.prices(d10="12.00")).version
    progress = await told(world, version)
    assert progress.told == Told(told=1, failures=1, failed=(gone,))
    assert version in await world.books.catalog.versions_to_send()
    assert await names(world, bought) == ["purchased", "price_scheduled"]


async def test_a_version_that_nobody_told(world: World) -> None:
    with pytest.raises(NotFound, match="No prices of catalog version 999 are being sent"):
        await world.server.prices.progress(999)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ([{"version": 0}], "version: got 0; takes 1 or more"),
        ([{"version": "1"}], "version: got '1'; takes a whole number"),
        ([{}], "version: got nothing; takes a value"),
        ([None], "a start takes one argument, a mapping of its fields; it got NoneType"),
        ([], "a start takes one argument, a mapping of its fields; it got 0 arguments"),
        ([{"version": 5}, 2], "a start takes one argument, a mapping of its fields; it got 2 arguments"),
        ([{"version": 5}], "version: got 5; must equal the workflow id after the `price-changes:` prefix"),
    ],
)
async def test_a_malformed_telling_fails_in_one_line(world: World, start: list[object], words: str) -> None:
    await world.server.client.start_workflow(
        "PriceChangeWorkflow", args=start, id=price_workflow_id(4_000), task_queue="perennial"
    )
    with pytest.raises(CallError) as caught:
        await world.server.prices.settled(4_000)
    assert words in str(caught.value)
