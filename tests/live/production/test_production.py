"""The topology of deploy/compose.yaml under load: a worker is replaced, PostgreSQL is restarted, and nothing is lost.

Plain processes, one PostgreSQL, one server with none of our settings but those of deploy/temporal, two workers with
the variables of the compose file. `make production` has 2,000 subscriptions and a longer outage.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple, cast

import pytest

from activities.adapters.sql.database import Database
from domain.subscription.commands import ChangeQuantity
from hosting.assembly import World
from hosting.monitoring.gauges import FRESH
from tests.support.deployed import services
from tests.support.live.otherwise import conflict_of, decided_otherwise
from tests.support.live.outside import FromOutside, seen_from_outside
from tests.support.metrics.alarms import firing
from tests.support.metrics.scrape import Scrape, scraped
from tests.support.postgres_server import NoServer
from tests.support.production.customers import Buyer, at_once, customers, now
from tests.support.production.installation import QUEUE, Production, production
from tests.support.publisher.endpoint import publishers_at
from tests.support.publisher.imported import list_publishers
from tests.support.raw_sql import change, rows

SUBSCRIPTIONS = int(os.environ.get("PERENNIAL_PRODUCTION", "0"))
FULL = SUBSCRIPTIONS > 0


class Size(NamedTuple):
    """How much happens."""

    subscriptions: int
    clients: int
    outage: timedelta
    renewals_after: timedelta
    renewals_over: timedelta
    """From when on renewals are due, and over how long."""


SIZE = (
    Size(SUBSCRIPTIONS, 24, timedelta(seconds=330), timedelta(seconds=60), timedelta(minutes=10))
    if FULL
    else Size(30, 8, timedelta(seconds=3), timedelta(seconds=5), timedelta(seconds=15))
)
ALWAYS = {"PerennialPublisherNotNotified"}
"""Its publisher is in the catalog, and no worker has its secrets: so that alarm stays."""

pytestmark = [
    pytest.mark.live,
    pytest.mark.chaos,
    pytest.mark.timeout(7_200 if FULL else 900),
]


async def test_nothing_is_lost_while_its_parts_come_and_go(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    try:
        async with production(tmp_path) as place:
            record_property("figures", await _lived(place))
    except NoServer as none:
        pytest.skip(str(none))


async def _lived(place: Production) -> str:
    """Live it, check everything, and say what was measured."""
    began = time.monotonic()
    assert firing(await place.scrapes()) == {"PerennialNoWorker"}
    async with Database(place.database_url) as database:
        world = seen_from_outside(place.client, QUEUE, database)
        await list_publishers(database, publishers_at("https://contoso.example/webhooks", contoso={}))
        buyers = await customers(world, database, SIZE.subscriptions, now() + SIZE.renewals_after, SIZE.renewals_over)
        harmed = await _harmed(place, buyers, asyncio.create_task(_load(buyers, world)))
    loaded = time.monotonic() - began
    # Its connections are those of before the outage no more.
    async with Database(place.database_url) as database:
        world = seen_from_outside(place.client, QUEUE, database)
        await _settled(buyers, world)
        await _drill(place, world, database, buyers[0])
        await _nothing_is_wrong(place, world, buyers)
    commands, renewed = sum(len(buyer.answers) for buyer in buyers), sum(buyer.due is not None for buyer in buyers)
    return "\n".join(
        [
            f"{len(buyers)} subscriptions, {commands} commands, {renewed} that renewed: {loaded:.0f} s until all was "
            f"answered, {time.monotonic() - began:.0f} s in all",
            f"a purchase: {_spread(buyer.bought_after for buyer in buyers)}; "
            f"a command: {_spread(took for buyer in buyers for took in buyer.took)}; "
            f"sent again: {sum(buyer.asked_again for buyer in buyers)}",
            harmed,
            f"renewals late: {_lateness(await place.scrapes())}",
        ]
    )


async def _harmed(place: Production, buyers: list[Buyer], load: "asyncio.Task[None]") -> str:
    """Two workers under the load, of which one is replaced, and no PostgreSQL for a while; how long that took."""
    replicas = services()["worker"]["deploy"]["replicas"]
    first, second = await asyncio.gather(*(place.start_worker() for _ in range(replicas)))
    await _bought(buyers, 1 / 4, load)
    began = time.monotonic()
    await second.stop()
    stopped = time.monotonic() - began
    third = await place.start_worker()
    await _bought(buyers, 1 / 2, load)
    async with place.without_database():
        assert await first.status("ready") == 503
        assert await first.status("health") == 200
        # Asked for the first time, it reads everything anew.
        seen = firing([await scraped(first.address)])
        await asyncio.sleep(SIZE.outage.total_seconds())
        if FULL:
            seen |= firing(await place.scrapes())
    assert seen >= {"PerennialBlind", *(["PerennialEffectsFail"] if FULL else [])}, seen
    began = time.monotonic()
    await asyncio.gather(first.ready(), third.ready())
    ready = time.monotonic() - began
    await load
    return (
        f"PostgreSQL away for {SIZE.outage.total_seconds():.0f} s, workers ready {ready:.1f} s after it; "
        f"a worker stopped within {stopped:.1f} s"
    )


async def _load(buyers: list[Buyer], world: FromOutside) -> None:
    """Everyone buys, and changes what is bought."""
    async with asyncio.TaskGroup() as group:
        group.create_task(at_once(buyers, world, SIZE.clients, change=False))
        group.create_task(_changes(buyers, world))


async def _changes(buyers: list[Buyer], world: FromOutside) -> None:
    """Those that have bought change something, while others still buy."""
    left = list(buyers)
    while left:
        bought = [buyer for buyer in left if buyer.bought_after]
        left = [buyer for buyer in left if not buyer.bought_after]
        await at_once(bought, world, SIZE.clients, change=True)
        await asyncio.sleep(0.1)


async def _bought(buyers: list[Buyer], share: float, load: "asyncio.Task[None]") -> None:
    """Wait until that share of them has bought."""
    while sum(bool(buyer.bought_after) for buyer in buyers) < len(buyers) * share:
        assert not load.done(), load.exception()
        await asyncio.sleep(0.1)


async def _settled(buyers: list[Buyer], world: FromOutside) -> None:
    """Wait until everything that is due has happened and is in the books."""
    last = max(buyer.due for buyer in buyers if buyer.due)
    await asyncio.sleep(max((last - now()).total_seconds(), 0) + 1)
    window = asyncio.Semaphore(SIZE.clients)

    async def one(buyer: Buyer) -> None:
        async with window:
            await world.server.subscriptions.settled(buyer.subscription)

    await asyncio.gather(*map(one, buyers))


async def _drill(place: Production, world: FromOutside, database: Database, buyer: Buyer) -> None:
    """What an alarm says, and what the runbook does about it: a conflict, a milestone that did not happen."""
    subscription = buyer.subscription
    other = ChangeQuantity(by="admin_agent", quantity=77, command_id="drill-other")
    await decided_otherwise(cast(World, world), database, subscription, other)
    asked = ChangeQuantity(by="admin_agent", quantity=88, command_id="drill-asked")
    await world.server.subscriptions.ask(subscription, asked, wait=False)
    key = (await conflict_of(cast(World, world), subscription)).key
    ((next_at,),) = await rows(database, f"SELECT next_at FROM subscription WHERE id = '{subscription}'")
    overdue = f"UPDATE subscription SET next_at = '2026-01-01T00:00:00.000000Z' WHERE id = '{subscription}'"
    await change(database, overdue)
    await _until(place, {"PerennialAttention", "PerennialOverdue"} | ALWAYS)
    await change(database, f"UPDATE subscription SET next_at = '{next_at}' WHERE id = '{subscription}'")
    await place.type("conflict", "adopt", subscription, key, "--reason", "a drill")
    await world.server.subscriptions.settled(subscription)
    await _until(place, ALWAYS)


async def _until(place: Production, alarms: set[str]) -> None:
    """Wait until exactly these fire: workers read what they show at most every 30 seconds."""
    deadline = time.monotonic() + 10 * FRESH.total_seconds()
    while (seen := firing(await place.scrapes())) != alarms:
        assert time.monotonic() < deadline, seen
        await asyncio.sleep(0.5)


async def _nothing_is_wrong(place: Production, world: FromOutside, buyers: list[Buyer]) -> None:
    checked = await place.document("check")
    assert (checked["violations"], checked["subscriptions"]) == ([], len(buyers))
    compared = await place.document("reconcile")
    assert compared["findings"] == []
    for buyer in buyers[1:]:
        buyer.check(await world.books.subscriptions.events(buyer.subscription), now())


def _spread(seconds: Iterable[float]) -> str:
    found = sorted(seconds)
    middle, most = found[len(found) // 2], found[len(found) * 99 // 100]
    return f"{middle:.2f} s half of them, {most:.1f} s 99 of 100"


def _lateness(scrapes: list[Scrape]) -> str:
    labels = {"event": "renewed"}
    late = sum(scrape.value("perennial_milestone_lateness_seconds_sum", **labels) for scrape in scrapes)
    count = sum(scrape.value("perennial_milestone_lateness_seconds_count", **labels) for scrape in scrapes)
    return f"{late / max(count, 1):.1f} s on average of {count:.0f} counted by the workers that still run"
