"""Invariant 13: publishers hear of everything, in order and at least once, and no life waits for them."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.notifications.contracts import HandOver
from activities.notifications.publishers import Secrets
from domain.notification import NotificationStatus
from domain.subscription.commands import Cancel, ChangeQuantity, Suspend
from domain.subscription.events import State
from domain.subscription.holds import Reason
from hosting.assembly import World, running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from tests.support.live.purchases import order, settings_in
from tests.support.publisher.endpoint import SECRET, Endpoint, publishers_at
from tests.support.publisher.imported import listed_in
from tests.support.shop.live import imported
from tests.support.shop.offers import listed
from workflows.calls.errors import AlreadyEnded, NotFound, Rejected
from workflows.durable import search_attributes
from workflows.durable.clock import TestClock
from workflows.durable.workflow_ids import delivery_workflow_id
from workflows.notifications.messages import RetryNotification, SkipNotification

pytestmark = pytest.mark.live

RETRY = RetryNotification(by="operator")


@pytest.fixture(scope="module")
async def world(
    server: EmbeddedServer, endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """A worker that tells Contoso by the usual terms, Adatum every second, and gives Wingtip up after two tries."""
    client = await connect_to(server.address)
    every_second = {"terms": {"tries": 10_000, "window_hours": 1}}
    publishers = publishers_at(endpoint.url, contoso={}, wingtip={"terms": {"tries": 2}}, adatum=every_second)
    settings = settings_in(tmp_path_factory.mktemp("told"), "told")
    async with running_worker(client, settings, await listed_in(settings, publishers)) as world:
        others = (listed(id=f"{vendor}-crm", vendor=vendor) for vendor in ("wingtip", "tailspin", "adatum"))
        await imported(world.books.catalog, listed(), *others)
        yield world


class Life:
    """A subscription that a publisher is told of."""

    def __init__(self, world: World, endpoint: Endpoint, subscription_id: str, clock: TestClock) -> None:
        self.id, self.clock = subscription_id, clock
        self._world, self._endpoint = world, endpoint

    async def change_quantity(self, *quantities: int) -> None:
        for quantity in quantities:
            await self._world.server.subscriptions.ask(self.id, ChangeQuantity(by="admin_agent", quantity=quantity))

    async def end(self) -> None:
        await self._world.server.subscriptions.ask(self.id, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
        await self._world.server.subscriptions.handle(self.id).result()

    async def halted(self) -> str:
        """Wait until the stream stands still; why."""
        async with asyncio.timeout(60):
            while (found := (await self._world.server.subscriptions.details(self.id)).undelivered) is None:
                await asyncio.sleep(0.02)
            return found

    async def told(self, seq: int) -> None:
        """Wait until the life knows that the event is taken."""
        async with asyncio.timeout(60):
            while (await self._world.server.subscriptions.details(self.id)).told < seq:
                await asyncio.sleep(0.02)


@pytest.fixture
def begin(world: World, endpoint: Endpoint) -> Any:
    """Begin a life of an offer; with the answers that its publisher gives first."""

    async def begun(offer: str = "contoso-crm", *answers: Any, at: datetime | None = None, **options: Any) -> Life:
        now = datetime.now(UTC)
        bought = order(listed(id=offer).sold(now), at=at or now)
        endpoint.answers[bought.subscription_id] += answers
        clock = TestClock.ahead_by(bought.at - now)
        await world.server.subscriptions.buy(bought, clock=clock, **options)
        await world.server.subscriptions.settled(bought.subscription_id)
        return Life(world, endpoint, bought.subscription_id, clock)

    return begun


async def test_invariant_13_each_event_in_order_with_one_id(begin: Any, endpoint: Endpoint) -> None:
    life = await begin()
    await life.change_quantity(5, 6)
    await life.end()
    heard = endpoint.heard(life.id)
    assert [each.seq for each in heard] == [1, 2, 3, 4]
    assert [each.data["event"] for each in heard] == ["purchased", *["quantity_changed"] * 2, "cancelled"]
    assert [each.data["previous"] for each in heard] == [0, 1, 2, 3]
    assert [each.headers["webhook-id"] for each in heard] == [f"{life.id}:{seq}" for seq in (1, 2, 3, 4)]


async def test_each_message_is_signed(begin: Any, endpoint: Endpoint) -> None:
    """By Standard Webhooks, computed here by hand: id, instant and body, under the publisher's secret."""
    life = await begin()
    await endpoint.until(life.id, 1)
    (first,) = endpoint.heard(life.id)
    signed = f"{first.headers['webhook-id']}.{first.headers['webhook-timestamp']}.".encode() + first.body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert first.headers["webhook-signature"] == f"v1,{digest}"


async def test_a_life_does_not_wait_for_its_publisher(begin: Any, world: World, endpoint: Endpoint) -> None:
    released = asyncio.Event()

    async def slow() -> int:
        await released.wait()
        return 204

    life = await begin("contoso-crm", slow)
    await life.change_quantity(5, 6)
    await world.server.subscriptions.ask(life.id, Suspend(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
    assert (await world.server.subscriptions.details(life.id)).state is State.SUSPENDED
    assert endpoint.heard(life.id) == []
    released.set()
    await endpoint.until(life.id, 4)
    assert endpoint.taken(life.id) == [1, 2, 3, 4]


async def test_what_is_not_taken_is_sent_again_and_nothing_overtakes_it(begin: Any, endpoint: Endpoint) -> None:
    life = await begin("contoso-crm", 500, 429, 302)
    await life.change_quantity(5)
    await endpoint.until(life.id, 2)
    assert [(each.seq, each.status) for each in endpoint.heard(life.id)] == [
        (1, 500),
        (1, 429),
        (1, 302),
        (1, 204),
        (2, 204),
    ]
    assert len({each.body for each in endpoint.heard(life.id) if each.seq == 1}) == 1


async def test_an_undeliverable_event_halts_the_stream_and_is_seen(
    begin: Any, world: World, endpoint: Endpoint
) -> None:
    life = await begin("wingtip-crm", 500, 500)
    await life.change_quantity(5)
    assert "Event 1 is undeliverable after 2 tries" in await life.halted()
    assert [each.seq for each in endpoint.heard(life.id)] == [1, 1]
    seen = await world.server.subscriptions.handle(life.id).describe()
    assert "Event 1 is undeliverable" in (seen.typed_search_attributes.get(search_attributes.ATTENTION) or "")
    assert await world.server.notifications.retry(life.id, RETRY) == "Notifying wingtip again, from event 1 on."
    await endpoint.until(life.id, 2)
    assert endpoint.taken(life.id) == [1, 2]
    await life.told(2)
    seen = await world.server.subscriptions.handle(life.id).describe()
    assert seen.typed_search_attributes.get(search_attributes.ATTENTION) is None


async def test_an_undeliverable_event_can_be_given_up(begin: Any, world: World, endpoint: Endpoint) -> None:
    life = await begin("wingtip-crm", 500, 500)
    await life.change_quantity(5)
    await life.halted()
    with pytest.raises(Rejected, match="^sequence: got 2; takes the undeliverable event's, 1$"):
        await world.server.notifications.skip(life.id, SkipNotification(by="operator", sequence=2))
    await world.server.notifications.skip(life.id, SkipNotification(by="operator", sequence=1))
    await endpoint.until(life.id, 2)
    (second,) = [each for each in endpoint.heard(life.id) if each.seq == 2]
    assert second.data["previous"] == 0


@pytest.mark.parametrize(
    ("offer", "reason"),
    [
        ("contoso-crm", "contoso has been notified of everything up to event 1."),
        ("tailspin-crm", "Nobody is notified: name its publisher."),
    ],
)
async def test_where_nothing_waits_there_is_nothing_to_retry(begin: Any, world: World, offer: str, reason: str) -> None:
    life = await begin(offer)
    if offer == "contoso-crm":
        await life.told(1)
    with pytest.raises(Rejected, match=f"^{reason}$"):
        await world.server.notifications.retry(life.id, RETRY)
    with pytest.raises(Rejected, match="^No event is undeliverable: there is nothing to skip.$"):
        await world.server.notifications.skip(life.id, SkipNotification(by="operator", sequence=1))


async def test_while_it_is_tried_it_is_not_begun_again(begin: Any, world: World, endpoint: Endpoint) -> None:
    life = await begin()
    endpoint.always[life.id] = 500
    await life.change_quantity(5)
    with pytest.raises(Rejected, match="contoso is being notified of event 2: it is retried automatically"):
        await world.server.notifications.retry(life.id, RETRY)
    del endpoint.always[life.id]
    await endpoint.until(life.id, 2)


async def test_a_publisher_without_an_endpoint_is_not_told(begin: Any, world: World) -> None:
    life = await begin("tailspin-crm")
    history = await world.server.subscriptions.handle(life.id).fetch_history()
    scheduled = [event.activity_task_scheduled_event_attributes.activity_type.name for event in history.events]
    assert "tell_publisher" not in scheduled
    (waiting,) = await world.books.notifications.page(life.id)
    assert (waiting.publisher, waiting.standing, waiting.tries) == ("tailspin", NotificationStatus.WAITING, 0)


async def test_what_an_ended_life_has_left_is_delivered(begin: Any, world: World, endpoint: Endpoint) -> None:
    life = await begin("wingtip-crm", 500, 500)
    await life.halted()
    await life.end()
    delivery = world.server.client.get_workflow_handle(delivery_workflow_id(life.id))
    async with asyncio.timeout(30):
        while not (await delivery.query("stream"))["halted"]:
            await asyncio.sleep(0.02)
    seen = await delivery.describe()
    assert "Event 1 is undeliverable" in (seen.typed_search_attributes.get(search_attributes.ATTENTION) or "")
    assert await world.server.notifications.retry(life.id, RETRY) == "Notifying wingtip again, from event 1 on."
    assert (await delivery.result())["told"] == 2
    assert endpoint.taken(life.id) == [1, 2]
    with pytest.raises(AlreadyEnded, match="has ended, and all its notifications are sent"):
        await world.server.notifications.retry(life.id, RETRY)
    with pytest.raises(NotFound, match="No notifications of no-such-life are being sent on this server"):
        await world.server.notifications.retry("no-such-life", RETRY)


async def test_a_delivery_started_again_tells_nothing_twice(begin: Any, world: World, endpoint: Endpoint) -> None:
    life = await begin()
    await life.told(1)
    left = HandOver(subscription_id=life.id, publisher="contoso", told=1, last=1)
    for _ in range(2):
        await world.server.notifications.deliver(left)
    delivery = world.server.client.get_workflow_handle(delivery_workflow_id(life.id))
    assert (await delivery.result())["told"] == 1
    await world.server.notifications.deliver(left)
    assert (await delivery.result())["told"] == 1
    assert endpoint.taken(life.id) == [1]


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (
            {"subscription_id": "other", "publisher": "contoso", "last": 1},
            "must equal the workflow id after",
        ),
        ({"subscription_id": "a/b", "publisher": "contoso", "last": 1}, "subscription_id: got 'a/b'"),
        ({"publisher": "contoso"}, "last: got nothing"),
    ],
)
async def test_a_malformed_delivery_fails_at_once(world: World, start: dict[str, Any], words: str) -> None:
    handle = await world.server.client.start_workflow(
        "DeliveryWorkflow", start, id="delivery:malformed", task_queue="told"
    )
    with pytest.raises(Exception) as raised:  # noqa: PT011  what it says is looked at
        await handle.result()
    cause = raised.value.__cause__
    assert isinstance(cause, ApplicationError)
    assert words in cause.message


async def test_the_secret_is_nowhere_in_the_history(begin: Any, world: World, endpoint: Endpoint) -> None:
    life = await begin("contoso-crm", 500)
    await endpoint.until(life.id, 1)
    history = (await world.server.subscriptions.handle(life.id).fetch_history()).to_json()
    assert "contoso" in history
    assert SECRET.removeprefix("whsec_")[:12] not in history
    assert "whsec_" not in history


async def test_a_publisher_down_for_eight_virtual_hours_gets_everything_in_order(
    begin: Any, world: World, endpoint: Endpoint
) -> None:
    began = datetime(2027, 1, 31, 9, tzinfo=UTC)
    life = await begin(at=began)
    await life.told(1)
    endpoint.always[life.id] = 503
    await life.change_quantity(5, 6)
    handle = world.server.subscriptions.handle(life.id)
    await world.clock.advance(handle, life.clock, began + timedelta(hours=7, minutes=59))
    del endpoint.always[life.id]
    await world.clock.advance(handle, life.clock, began + timedelta(hours=8, minutes=1))
    await life.told(3)
    assert endpoint.taken(life.id) == [1, 2, 3]
    tries = [each.seq for each in endpoint.heard(life.id)].count(2)
    assert 400 < tries <= 500, tries
    assert (await world.server.subscriptions.details(life.id)).undelivered is None


async def test_one_that_never_returns_ends_as_undeliverable_and_visible(
    begin: Any, world: World, endpoint: Endpoint
) -> None:
    began = datetime(2027, 1, 31, 9, tzinfo=UTC)
    life = await begin(at=began)
    await life.told(1)
    endpoint.always[life.id] = 503
    await life.change_quantity(5)
    handle = world.server.subscriptions.handle(life.id)
    await world.clock.advance(handle, life.clock, began + timedelta(hours=8, minutes=2))
    assert "Event 2 is undeliverable after" in await life.halted()
    renewed = began + timedelta(days=40)
    await world.clock.advance(handle, life.clock, renewed)
    settled = await world.server.subscriptions.settled(life.id, renewed)
    assert [event.at for event in settled.recent][-1] == datetime(2027, 2, 28, 9, tzinfo=UTC)
    page = await world.books.notifications.page(life.id)
    assert [each.standing for each in page] == [
        NotificationStatus.DELIVERED,
        NotificationStatus.UNDELIVERABLE,
        NotificationStatus.WAITING,
    ]


async def test_a_publisher_that_no_worker_tells_any_more_is_seen(
    server: EmbeddedServer, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker has its secrets while a message is on its way; once one has them again, it is told."""
    monkeypatch.setattr("workflows.durable.options.PUBLISHER_WORKER_TIMEOUT", timedelta(seconds=2))
    client, settings = await connect_to(server.address), settings_in(tmp_path, "taken-out")
    secrets = await listed_in(settings, publishers_at(endpoint.url, contoso={}))
    now = datetime.now(UTC)
    bought = order(listed().sold(now), at=now)
    endpoint.always[bought.subscription_id] = 503
    async with running_worker(client, settings, secrets) as world:
        await imported(world.books.catalog, listed())
        await world.server.subscriptions.buy(bought)
        await world.server.subscriptions.settled(bought.subscription_id)
        async with asyncio.timeout(30):
            while not endpoint.heard(bought.subscription_id):
                await asyncio.sleep(0.02)
    async with running_worker(client, settings, Secrets()) as world:
        life = Life(world, endpoint, bought.subscription_id, TestClock())
        words = "No worker notifies contoso: is it active, and does a worker have its secrets?"
        assert (await life.halted()).startswith(words)
    del endpoint.always[bought.subscription_id]
    async with running_worker(client, settings, secrets) as world:
        await Life(world, endpoint, bought.subscription_id, TestClock()).told(1)
        assert (await world.server.subscriptions.details(bought.subscription_id)).undelivered is None


async def test_what_a_life_ahead_of_time_has_left_is_told_now(begin: Any, world: World, endpoint: Endpoint) -> None:
    """Its last tries were minutes ahead of the delivery that goes on with them."""
    began = datetime(2027, 1, 31, 9, tzinfo=UTC)
    life = await begin("adatum-crm", at=began)
    await life.told(1)
    endpoint.always[life.id] = 503
    await life.change_quantity(5)
    await world.clock.advance(world.server.subscriptions.handle(life.id), life.clock, began + timedelta(minutes=2))
    await life.end()
    del endpoint.always[life.id]
    await endpoint.until(life.id, 3)
    delivery = world.server.client.get_workflow_handle(delivery_workflow_id(life.id))
    assert (await delivery.result())["told"] == 3
