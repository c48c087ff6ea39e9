"""What it costs to tell a publisher of a life's events, beside the same lives of which nobody is told.

Lives are bought and changed by signals on an embedded server, with a worker and an endpoint that takes everything in
this process; turn by turn with and without a publisher. CPU of the server is read where the system has /proc.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr
from sqlalchemy import Connection, func, select

from activities.adapters.sql.database import Database
from activities.adapters.sql.tables.notifications import delivery
from activities.adapters.sql.tables.subscription import journal
from activities.notifications.publishers import Secrets
from activities.settings import Settings
from domain.catalog.catalog import Contents, ListedOffer
from domain.catalog.publishers import ListedPublisher
from domain.notification import NotificationStatus
from domain.ordering.terms import Order
from domain.subscription.commands import SetAutoRenew
from hosting.assembly import World, prepare_files, prepare_namespace, running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to

SECRET = "whsec_" + "c2VjcmV0IG9mIGEgYmVuY2htYXJr" + "AAAA"
TOLD, UNTOLD = "contoso", "tailspin"
LOOK = 0.02
"""Seconds between two looks whether all is done: a look costs a fraction of a millisecond."""


class Cost(NamedTuple):
    """Seconds: of the clock, of this process' CPU, and of the server's."""

    wall: float
    worker: float
    server: float


class Seen(NamedTuple):
    """What is looked at from outside."""

    server: EmbeddedServer
    database: Database


def now(server: EmbeddedServer) -> Cost:
    """The clocks as they stand."""
    try:
        fields = Path(f"/proc/{server.endpoints.pid}/stat").read_text().rpartition(")")[2].split()
        of_server = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        of_server = 0.0
    return Cost(time.perf_counter(), time.process_time(), of_server)


async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A publisher that takes everything, and keeps its connections."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        writer.close()


def offer(vendor: str) -> ListedOffer:
    """A monthly licence of the vendor."""
    fields = {"id": f"{vendor}-crm", "name": "CRM", "vendor": vendor, "term": "P1M", "billing_plan": "monthly"}
    return ListedOffer.model_validate({**fields, "currency": "USD", "unit_price": "10.00"}, strict=False)


@asynccontextmanager
async def running(directory: Path, server: EmbeddedServer) -> AsyncIterator[World]:
    """A worker that tells one of two vendors."""
    endpoint = await asyncio.start_server(take, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{endpoint.sockets[0].getsockname()[1]}/"
    allowed = {"allow_http": True, "allow_networks": ["127.0.0.0/8"], "per_second": 10_000, "at_once": 50}
    entry = {"id": TOLD, "url": url, "secrets": ["told-1"], **allowed}
    publisher = ListedPublisher.model_validate(entry, strict=False)
    settings = Settings(data_dir=directory, tenants_path=directory / "tenants.db", database_url=database_url(directory))
    client = await connect_to(server.address)
    await prepare_namespace(client)
    await prepare_files(settings)
    async with endpoint, running_worker(client, settings, Secrets({"told-1": SecretStr(SECRET)})) as world:
        offers = (offer(TOLD), offer(UNTOLD))
        await world.books.catalog.import_contents(
            Contents(offers=offers, publishers=(publisher,)), "a benchmark", datetime.now(UTC)
        )
        yield world
        endpoint.close()


def database_url(directory: Path) -> str:
    """A file of its own."""
    return f"sqlite:///{directory / 'perennial.db'}"


async def live(world: World, vendor: str, name: str, events: int) -> None:
    """Bought, and its automatic renewal switched off and on again: one event each."""
    at = datetime.now(UTC)
    order = Order.model_validate(
        {"subscription_id": name, "customer": "fabrikam", "offer": offer(vendor).sold(at), "at": at, "quantity": 3}
    )
    handle = await world.server.subscriptions.buy(order, invoiced=False)
    for number in range(1, events):
        await handle.signal("auto_renew_requested", SetAutoRenew(by="admin_agent", enabled=number % 2 == 0))


def done(connection: Connection, vendor: str, prefix: str) -> int:
    """How many events of these lives are in the books, and told where somebody is told."""
    table = delivery if vendor == TOLD else journal
    wanted = select(func.count()).select_from(table).where(table.c.subscription_id.startswith(prefix))
    if vendor == TOLD:
        wanted = wanted.where(delivery.c.standing == NotificationStatus.DELIVERED.value)
    return connection.scalar(wanted) or 0


async def turn(world: World, seen: Seen, vendor: str, prefix: str, shape: tuple[int, int]) -> Cost:
    """What it costs until every event is done, for each event."""
    lives, events = shape
    began = now(seen.server)
    await asyncio.gather(*(live(world, vendor, f"{prefix}{number}", events) for number in range(lives)))
    while await seen.database.read(done, vendor, prefix) < lives * events:
        await asyncio.sleep(LOOK)
    return Cost(*((end - start) / (lives * events) for start, end in zip(began, now(seen.server), strict=True)))


async def measured(lives: int, events: int, turns: int) -> dict[str, list[Cost]]:
    """Every turn but the first of each, which is for warming up."""
    costs: dict[str, list[Cost]] = {TOLD: [], UNTOLD: []}
    with tempfile.TemporaryDirectory() as directory:
        async with (
            EmbeddedServer(Path(directory) / "server") as server,
            running(Path(directory), server) as world,
            Database(database_url(Path(directory))) as database,
        ):
            for number in range(turns + 1):
                for vendor, found in costs.items():
                    prefix = f"{vendor}-{number}-"
                    found.append(await turn(world, Seen(server, database), vendor, prefix, (lives, events)))
                sys.stderr.write(f"turn {number} of {turns}\n")
    return {vendor: found[1:] for vendor, found in costs.items()}


def main() -> None:
    """Print the medians, and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, default=25, help="in each turn (default: %(default)s)")
    parser.add_argument("--events", type=int, default=20, help="of each life (default: %(default)s)")
    parser.add_argument("--turns", type=int, default=5, help="of each kind (default: %(default)s)")
    given = parser.parse_args()
    costs = asyncio.run(measured(given.lives, given.events, given.turns))
    sys.stdout.write(f"{given.lives} lives of {given.events} events, {given.turns} turns; medians for each event\n")
    for field, name in enumerate(("clock", "CPU of worker and client", "CPU of the server")):
        told, untold = (statistics.median(cost[field] for cost in costs[vendor]) * 1000 for vendor in (TOLD, UNTOLD))
        ratio = f"ratio {told / untold:.2f}" if untold else "not measured"
        sys.stdout.write(f"{name:<26}told {told:6.1f} ms   untold {untold:6.1f} ms   {ratio}\n")


if __name__ == "__main__":
    main()
