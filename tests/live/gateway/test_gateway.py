"""A publisher finishes a set-up by signed requests, against a real server and worker (ISV-1, ISV-3, ISV-4)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from activities.adapters.sql.database import Database
from activities.notifications.publishers import Publishers
from activities.settings import Settings
from domain.subscription.commands import Cancel, ChangeQuantity
from domain.subscription.events import State
from domain.subscription.holds import Reason
from hosting.assembly import World, running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.gateway.server import GatewayPortInUse, running_gateway
from hosting.temporal.connection import connect_to
from tests.support.publisher.imported import list_publishers, secrets_of
from tests.support.publisher.signing import (
    CONTOSO,
    CONTOSOS_NEXT,
    PUBLISHERS,
    STRANGER,
    WINGTIP,
    encoded,
    new_id,
    signed,
)
from tests.support.shop.live import Shop, imported
from tests.support.shop.offers import SETUP, listed

pytestmark = pytest.mark.live


class Publisher:
    """Contoso, who posts to a gateway."""

    def __init__(self, world: World, address: str) -> None:
        self.world, self.address = world, address

    async def token(self, subscription_id: str, at: datetime | None = None) -> str:
        """What the buyer's link brings."""
        link = await self.world.books.setup_links.issue(subscription_id, at or datetime.now(UTC))
        return link.url.partition("?token=")[2]

    async def post(self, body: bytes, headers: dict[str, str]) -> httpx2.Response:
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as browser:
            return await browser.post(self.address, content=body, headers=headers)

    async def ask(self, asked: dict[str, Any], **changes: Any) -> httpx2.Response:
        body = encoded(asked)
        return await self.post(body, signed(body, **changes))


@pytest.fixture(scope="module")
def gateway_settings(settings: Settings) -> Settings:
    """At any free port."""
    return settings.model_copy(update={"gateway_port": 0})


@pytest.fixture(scope="module")
async def publisher(world: World, gateway_settings: Settings) -> AsyncIterator[Publisher]:
    """Its gateway runs beside the world's worker."""
    async with running_gateway(world.perennial, gateway_settings, lambda: PUBLISHERS) as address:
        assert address is not None
        yield Publisher(world, address)


async def bought(shop: Shop, offer_id: str = "set-up") -> str:
    customer = await shop.customer()
    await imported(shop.world.books.catalog, listed(id="set-up-trial", name="Set-up trial", trial_days=30, **SETUP))
    return await shop.buy_one(customer, offer_id)


async def state(world: World, subscription_id: str) -> State:
    return (await world.server.subscriptions.details(subscription_id)).state


@pytest.mark.parametrize(("offer_id", "begins_in"), [("set-up", State.ACTIVE), ("set-up-trial", State.TRIAL)])
async def test_from_the_link_to_the_first_day(
    world: World, shop: Shop, publisher: Publisher, offer_id: str, begins_in: State
) -> None:
    """ISV-4: pending until the publisher activates; a second time changes nothing (MON-7)."""
    subscription_id = await bought(shop, offer_id)
    token = await publisher.token(subscription_id)
    resolved = (await publisher.ask({"do": "resolve", "token": token})).json()
    assert (resolved["subscription_id"], resolved["state"]) == (subscription_id, "pending")

    seen = (await publisher.ask({"do": "details", "subscription_id": subscription_id})).json()
    assert seen == {
        "subscription_id": subscription_id,
        "customer": resolved["customer"],
        "offer": offer_id,
        "state": "pending",
        "quantity": 1,
        "add_ons": {},
        "auto_renew": True,
        "trial_end": None,
        "allowed": seen["allowed"],
    }
    assert "activate" in seen["allowed"]

    activate = {"do": "activate", "subscription_id": subscription_id, "token": token}
    first = await publisher.ask(activate, by=CONTOSOS_NEXT)
    assert (first.status_code, first.json()["outcome"], first.json()["do"]) == (200, "done", "activate")
    assert await state(world, subscription_id) is begins_in
    # It is in the books when it is answered.
    assert (await publisher.ask({"do": "resolve", "token": token})).json()["state"] == begins_in
    (activated,) = [
        event for event in await world.books.subscriptions.events(subscription_id) if event.event == "activated"
    ]
    assert (activated.by, activated.actor) == ("publisher", "contoso")

    again = await publisher.ask({**activate, "actor": "set-up-desk"})
    assert (again.status_code, again.json()["outcome"], again.json()["rule"]) == (200, "unchanged", "MON-7")
    seen = (await publisher.ask({"do": "details", "subscription_id": subscription_id})).json()
    assert (seen["state"], seen["trial_end"] is None) == (begins_in, begins_in is State.ACTIVE)


async def test_mon_4_a_quantity_that_is_not_accepted_is_put_back(
    world: World, shop: Shop, publisher: Publisher
) -> None:
    subscription_id = await shop.buy_one(await shop.customer(), "contoso-crm")
    changed = await world.server.subscriptions.ask(subscription_id, ChangeQuantity(by="admin_agent", quantity=7))
    asked = {"do": "reject_quantity", "subscription_id": subscription_id, "sequence": changed.seq, "reason": "sold out"}
    theirs = await publisher.ask(asked, by=WINGTIP, publisher="wingtip")
    assert (theirs.status_code, theirs.json()["error"]["type"]) == (403, "NotYours")
    answer = await publisher.ask(asked)
    assert (answer.status_code, answer.json()["outcome"], answer.json()["rule"]) == (200, "done", "MON-4")
    assert (await world.server.subscriptions.details(subscription_id)).quantity == 1
    back = (await world.books.subscriptions.events(subscription_id))[-1]
    assert (back.event, back.by, back.actor, back.details) == ("quantity_changed", "publisher", "contoso", "sold out")
    assert answer.json()["credit"] == (changed.charge and changed.charge.model_dump(mode="json"))
    again = await publisher.ask(asked)
    assert (again.status_code, again.json()["outcome"]) == (200, "unchanged")
    never = await publisher.ask({**asked, "sequence": 1})
    assert (never.status_code, never.json()["outcome"], never.json()["rule"]) == (409, "refused", "MON-4")


async def test_a_replay_changes_nothing(world: World, shop: Shop, publisher: Publisher) -> None:
    subscription_id = await bought(shop)
    asked = {"do": "activate", "subscription_id": subscription_id, "token": await publisher.token(subscription_id)}
    body, request_id = encoded(asked), new_id()
    headers = signed(body, request_id=request_id)
    assert (await publisher.post(body, headers)).status_code == 200
    before = await world.server.subscriptions.life(subscription_id)
    for response in (await publisher.post(body, headers), await publisher.ask(asked, request_id=request_id)):
        assert (response.status_code, response.json()["error"]["type"]) == (409, "Replayed")
    assert (await world.server.subscriptions.life(subscription_id)).subscription == before.subscription


async def test_what_is_not_believed_activates_nothing(world: World, shop: Shop, publisher: Publisher) -> None:
    """Forged, altered, old, unsigned, by another publisher, for another subscription, with an old token."""
    subscription_id, other = await bought(shop), await bought(shop)
    token = await publisher.token(subscription_id)
    expired = await publisher.token(subscription_id, datetime.now(UTC) - timedelta(hours=24))
    activate = {"do": "activate", "subscription_id": subscription_id, "token": token}
    body = encoded(activate)
    late = datetime.now(UTC) - timedelta(minutes=6)
    swapped = encoded({**activate, "subscription_id": other})
    refusals = [
        (401, "BadSignature", await publisher.ask(activate, by=STRANGER)),
        (401, "BadSignature", await publisher.ask(activate, publisher="nobody")),
        (401, "BadSignature", await publisher.post(swapped, signed(body))),
        (401, "BadSignature", await publisher.post(body, {**signed(body), "webhook-id": new_id()})),
        (401, "Unsigned", await publisher.post(body, {"perennial-publisher": "contoso"})),
        (401, "Stale", await publisher.ask(activate, at=late)),
        (403, "NotYours", await publisher.ask(activate, by=WINGTIP, publisher="wingtip")),
        (403, "TokenRefused", await publisher.ask({**activate, "token": expired})),
        (403, "TokenRefused", await publisher.ask({**activate, "subscription_id": other})),
        (400, "Malformed", await publisher.ask({**activate, "by": "global_admin"})),
    ]
    for status, kind, response in refusals:
        assert (response.status_code, response.json()["error"]["type"]) == (status, kind)
        assert token not in response.text
    for untouched in (subscription_id, other):
        assert await state(world, untouched) is State.PENDING


async def test_what_has_ended(world: World, shop: Shop, publisher: Publisher) -> None:
    """ISV-3: it is resolved in every state; LIF-1: and activated no more."""
    subscription_id = await bought(shop)
    token = await publisher.token(subscription_id)
    await world.server.subscriptions.ask(subscription_id, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
    await world.server.subscriptions.handle(subscription_id).result()
    refused = await publisher.ask({"do": "activate", "subscription_id": subscription_id, "token": token})
    answer = refused.json()
    assert (refused.status_code, answer["outcome"], answer["rule"]) == (409, "refused", "LIF-1")
    assert answer["message"] == "The subscription has ended (cancelled); no further changes are possible."
    assert (await publisher.ask({"do": "resolve", "token": token})).json()["state"] == "cancelled"
    seen = (await publisher.ask({"do": "details", "subscription_id": subscription_id})).json()
    assert (seen["state"], seen["allowed"], seen["trial_end"]) == ("cancelled", [], None)


async def test_a_worker_that_is_away_for_a_while(world: World, gateway_settings: Settings) -> None:
    """It is asked again under a new id: the state says whether it had been done."""
    elsewhere = gateway_settings.model_copy(update={"task_queue": "gateway-away"})
    async with running_worker(world.server.client, elsewhere) as away:
        subscription_id = await bought(Shop(away))
    bounds = {"answer_within": timedelta(seconds=1)}
    async with running_gateway(world.perennial, gateway_settings, lambda: PUBLISHERS, **bounds) as address:
        assert address is not None
        publisher = Publisher(world, address)
        activate = {
            "do": "activate",
            "subscription_id": subscription_id,
            "token": await publisher.token(subscription_id),
        }
        for asked in (activate, {"do": "details", "subscription_id": subscription_id}):
            response = await publisher.ask(asked)
            assert (response.status_code, response.json()["error"]["type"]) == (503, "Unavailable")
            assert response.headers["retry-after"]
            assert "worker" not in response.text
        # What needs no worker is answered.
        assert (await publisher.ask({"do": "resolve", "token": activate["token"]})).json()["state"] == "pending"
    async with (
        running_worker(world.server.client, elsewhere),
        running_gateway(world.perennial, gateway_settings, lambda: PUBLISHERS) as address,
    ):
        assert address is not None
        response = await Publisher(world, address).ask(activate)
        assert response.status_code == 200
        assert response.json()["outcome"] in {"done", "unchanged"}
        assert await state(world, subscription_id) is State.ACTIVE


async def test_a_gateway_is_there_where_publishers_are(world: World, gateway_settings: Settings) -> None:
    async with running_gateway(world.perennial, gateway_settings, None) as nothing:
        assert nothing is None
    async with running_gateway(world.perennial, gateway_settings, lambda: PUBLISHERS) as address:
        assert address is not None
        port = int(address.removesuffix("/publisher/v1").rpartition(":")[2])
        taken = gateway_settings.model_copy(update={"gateway_port": port})
        with pytest.raises(GatewayPortInUse, match=rf"127\.0\.0\.1 port {port} .* PERENNIAL_GATEWAY_PORT") as refused:
            async with running_gateway(world.perennial, taken, lambda: PUBLISHERS):
                pass
        unknown = gateway_settings.model_copy(update={"gateway_host": "no-such-host.invalid"})
        with pytest.raises(GatewayPortInUse, match=r"cannot listen on no-such-host\.invalid port 0 \([A-Z].*\): set"):
            async with running_gateway(world.perennial, unknown, lambda: PUBLISHERS):
                pass
    assert "\n" not in str(refused.value)


async def test_it_knows_the_publishers_that_are_imported_now(
    server: EmbeddedServer, gateway_settings: Settings, tmp_path: Path
) -> None:
    """A worker's gateway: nobody before the import, nobody while inactive, and new secrets without a restart."""
    settings = gateway_settings.model_copy(
        update={"database_url": f"sqlite:///{tmp_path}/books.db", "task_queue": "gateway-imports"}
    )
    (contoso, _) = PUBLISHERS.publishers
    old = Publishers(publishers=(contoso.model_copy(update={"secrets": contoso.secrets[:1]}),))
    asked = {"do": "resolve", "token": "no such token"}
    async with (
        running_worker(await connect_to(server.address), settings, secrets_of(PUBLISHERS)) as world,
        running_gateway(world.perennial, settings, world.publishers.known) as address,
        Database(settings.database_url) as database,
    ):
        assert address is not None
        publisher = Publisher(world, address)

        async def answers(status: int, key: str = CONTOSO) -> None:
            async with asyncio.timeout(20):
                while (await publisher.ask(asked, by=key)).status_code != status:
                    await asyncio.sleep(0.1)

        assert (await publisher.ask(asked)).status_code == 401
        await list_publishers(database, old)
        await answers(403)
        assert (await publisher.ask(asked, by=CONTOSOS_NEXT)).status_code == 401
        await list_publishers(database, old, active=False)
        await answers(401)
        await list_publishers(database, PUBLISHERS)
        await answers(403, CONTOSOS_NEXT)
        assert (await publisher.ask(asked)).status_code == 403
