"""A marketplace with two publishers: its worker notifies them, and they ask its gateway."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from activities.notifications.publishers import Publishers
from activities.settings import LOOPBACK
from domain.subscription.commands import Cancel, ChangeQuantity, Command
from domain.subscription.events import State
from domain.subscription.holds import Reason
from examples.publisher.log import Entry
from examples.publisher.rejections import Rejection
from examples.publisher.server import PublisherServer
from hosting.assembly import World, running_worker
from hosting.embedded.ports import free_ports
from hosting.embedded.server import EmbeddedServer
from hosting.gateway.server import running_gateway
from hosting.temporal.connection import connect_to
from tests.support.live.purchases import settings_in
from tests.support.publisher.imported import listed_in
from tests.support.publisher.signing import CONTOSO, WINGTIP
from tests.support.shop.live import Shop, imported
from tests.support.shop.offers import listed

MAX_QUANTITY = 100
TRIAL_DAYS = 30
PATIENCE = 60
"""Seconds; other tests may keep the machine busy."""


@dataclass(frozen=True)
class Marketplace:
    """A marketplace and two publishers: Contoso is notified in Perennial's format, Wingtip in Microsoft's.

    Each sells two offers, ID-set-up with a set-up and a trial, ID-desk without, and takes 100 licences at most.
    """

    world: World
    contoso: PublisherServer
    wingtip: PublisherServer

    async def buy(self, offer_id: str) -> str:
        """Buy the offer for a new customer; returns the id of the subscription."""
        shop = Shop(self.world)
        return await shop.buy_one(await shop.customer(), offer_id)

    async def link(self, subscription_id: str, at: datetime | None = None) -> str:
        """The address that the buyer is given, as of the instant; else of now."""
        return (await self.world.books.setup_links.issue(subscription_id, at or datetime.now(UTC))).url

    async def change_quantity(self, subscription_id: str, quantity: int) -> int:
        """The number of the event."""
        return await self._done(subscription_id, ChangeQuantity(by="admin_agent", quantity=quantity))

    async def cancel(self, subscription_id: str) -> int:
        """The number of the event."""
        return await self._done(subscription_id, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))

    async def _done(self, subscription_id: str, command: Command) -> int:
        answer = await self.world.server.subscriptions.ask(subscription_id, command)
        assert answer.outcome != "refused", answer
        return answer.seq

    async def state(self, subscription_id: str) -> State:
        """Where its workflow stands."""
        return (await self.world.server.subscriptions.details(subscription_id)).state

    async def told(self, subscription_id: str, seq: int) -> None:
        """Wait until its workflow knows that the publisher has taken the event, or needs not hear of it."""
        async with asyncio.timeout(PATIENCE):
            while (await self.world.server.subscriptions.details(subscription_id)).told < seq:
                await asyncio.sleep(0.02)


async def rejected(publisher: PublisherServer, subscription_id: str) -> list[Rejection]:
    """Wait until the gateway has answered what the publisher does not take of the subscription."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = [one for one in publisher.rejections.all() if one.subscription_id == subscription_id]
            if found and all(one.outcome for one in found):
                return found
            await asyncio.sleep(0.02)


def heard(publisher: PublisherServer, subscription_id: str) -> list[Entry]:
    """Every request of the subscription that came in, the oldest first."""
    return publisher.log.page(subscription_id)[::-1]


@asynccontextmanager
async def running_marketplace(server: EmbeddedServer, folder: Path) -> AsyncIterator[Marketplace]:
    """Start worker, gateway and publishers on free loopback ports; the folder gets their files."""
    # Worker and publishers have to know each other's addresses before either is there.
    (port,) = free_ports(1)
    gateway = f"http://{LOOPBACK}:{port}"
    settings = settings_in(folder, "met").model_copy(update={"gateway_port": port})
    client = await connect_to(server.address)
    async with (
        _publisher(folder, CONTOSO, gateway, "contoso") as contoso,
        _publisher(folder, WINGTIP, gateway, "wingtip") as wingtip,
    ):
        publishers = Publishers.model_validate(
            {
                "publishers": [
                    _entry("contoso", contoso, CONTOSO),
                    {**_entry("wingtip", wingtip, WINGTIP), "dialect": "microsoft"},
                ]
            }
        )
        async with (
            running_worker(client, settings, await listed_in(settings, publishers)) as world,
            running_gateway(world.perennial, settings, world.publishers.known),
        ):
            for publisher, at in (("contoso", contoso), ("wingtip", wingtip)):
                await imported(
                    world.books.catalog,
                    listed(id=f"{publisher}-desk", vendor=publisher),
                    listed(
                        id=f"{publisher}-set-up",
                        vendor=publisher,
                        trial_days=TRIAL_DAYS,
                        setup="publisher",
                        setup_url=f"{at.address}/set-up",
                    ),
                )
            yield Marketplace(world, contoso, wingtip)


def _publisher(folder: Path, secret: str, gateway: str, name: str) -> PublisherServer:
    return PublisherServer(folder / name, [secret], gateway, publisher=name, max_quantity=MAX_QUANTITY)


def _entry(name: str, publisher: PublisherServer, secret: str) -> dict[str, Any]:
    """As it would stand in the operator's file."""
    loopback = {"allow_http": True, "allow_networks": ["127.0.0.0/8"]}
    return {"id": name, "url": publisher.webhooks, "secrets": [secret], **loopback}
