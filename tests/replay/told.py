"""What is recorded of lives whose publishers are told: in time, late, undeliverable, and after the life's end."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from domain.subscription.commands import Cancel, ChangeQuantity
from domain.subscription.holds import Reason
from hosting.assembly import World
from tests.support.live.purchases import order
from tests.support.publisher.endpoint import Endpoint
from tests.support.shop.live import imported
from tests.support.shop.offers import listed
from workflows.durable.clock import TestClock
from workflows.durable.operator import Operator
from workflows.durable.workflow_ids import delivery_workflow_id
from workflows.notifications.messages import RetryNotification, SkipNotification
from workflows.subscription.messages import Migration

TOLD, GIVEN_UP = "told", "given-up"
BOUGHT = datetime(2027, 1, 31, 9, tzinfo=UTC)
RENEWED = datetime(2027, 3, 1, 9, tzinfo=UTC)
AGAIN, SKIP = RetryNotification(by="operator"), SkipNotification(by="operator", sequence=2)


class Telling:
    """Two lives, one of a patient publisher and one whose publisher is given up after two tries."""

    def __init__(self, world: World, endpoint: Endpoint) -> None:
        self._world, self._endpoint = world, endpoint
        self._clocks: dict[str, TestClock] = {}

    async def prepare(self) -> None:
        """The offers, with the publishers that they name."""
        offers = (listed(), listed(id="wingtip-crm", vendor="wingtip"))
        await imported(self._world.books.catalog, *offers)

    async def late(self) -> None:
        """It renews, and its runs change, while the publisher takes nothing; then it takes everything."""
        await self._begin(TOLD, "contoso-crm")
        await self._told(TOLD, 1)
        self._endpoint.always[TOLD] = 503
        await self._change_quantity(TOLD, 5)
        clock, handle = self._clocks[TOLD], self._world.server.subscriptions.handle(TOLD)
        await self._world.clock.advance(handle, clock, BOUGHT + timedelta(hours=7))
        await self._world.server.subscriptions.operate(TOLD, "migrate", Migration(by="operator"))
        await self._world.clock.advance(handle, clock, BOUGHT + timedelta(hours=7, minutes=30))
        del self._endpoint.always[TOLD]
        await self._world.clock.advance(handle, clock, RENEWED)
        await self._told(TOLD, 3)

    async def given_up(self) -> None:
        """Undeliverable and told again, undeliverable and skipped, and undeliverable when the life has ended."""
        self._endpoint.answers[GIVEN_UP] += [500, 500]
        await self._begin(GIVEN_UP, "wingtip-crm")
        await self._halted(GIVEN_UP)
        await self._world.server.notifications.retry(GIVEN_UP, AGAIN)
        await self._told(GIVEN_UP, 1)
        self._endpoint.answers[GIVEN_UP] += [500, 500]
        await self._change_quantity(GIVEN_UP, 5)
        await self._halted(GIVEN_UP)
        await self._world.server.notifications.skip(GIVEN_UP, SKIP)
        await self._told(GIVEN_UP, 2)
        self._endpoint.answers[GIVEN_UP] += [500, 500, 500, 500]
        await self._change_quantity(GIVEN_UP, 6)
        await self._halted(GIVEN_UP)
        cancel = Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST)
        await self._world.server.subscriptions.ask(GIVEN_UP, cancel)
        await self._world.server.subscriptions.handle(GIVEN_UP).result()
        await self._deliver()

    async def _deliver(self) -> None:
        delivery = self._world.server.client.get_workflow_handle(delivery_workflow_id(GIVEN_UP))
        for turn in range(2):
            await self._waits(delivery)
            if turn == 0:
                # The next run waits for an operator as this one did.
                await delivery.execute_update("migrate", Operator(by="operator"))
                await self._waits(delivery)
            await self._world.server.notifications.retry(GIVEN_UP, AGAIN)
        await delivery.result()

    @staticmethod
    async def _waits(delivery: WorkflowHandle[Any, Any]) -> None:
        async with asyncio.timeout(60):
            while not (await delivery.query("stream"))["halted"]:
                await asyncio.sleep(0.02)

    async def _begin(self, subscription_id: str, offer: str) -> None:
        now = datetime.now(UTC)
        self._clocks[subscription_id] = clock = TestClock.ahead_by(BOUGHT - now)
        bought = order(listed(id=offer).sold(now), subscription_id=subscription_id, at=BOUGHT)
        await self._world.server.subscriptions.buy(bought, clock=clock, periods_per_run=1)
        await self._world.server.subscriptions.settled(subscription_id)

    async def _change_quantity(self, subscription_id: str, quantity: int) -> None:
        await self._world.server.subscriptions.ask(subscription_id, ChangeQuantity(by="admin_agent", quantity=quantity))

    async def _told(self, subscription_id: str, seq: int) -> None:
        async with asyncio.timeout(60):
            while (await self._world.server.subscriptions.details(subscription_id)).told < seq:
                await asyncio.sleep(0.02)

    async def _halted(self, subscription_id: str) -> None:
        async with asyncio.timeout(60):
            while (await self._world.server.subscriptions.details(subscription_id)).undelivered is None:
                await asyncio.sleep(0.02)
