"""What is recorded of orders and of telling prices: each branch that their workflows have."""

import asyncio
from datetime import UTC, datetime

from temporalio.client import WorkflowHistory

from activities.settings import Settings
from domain.ordering.lines import OrderRequest
from domain.subscription.commands import Cancel
from domain.subscription.holds import Reason
from domain.values import format_instant
from hosting.assembly import World
from tests.support.shop.buyers import customer, request
from tests.support.shop.catalog import OFFERS
from tests.support.shop.live import imported, locked_books
from tests.support.shop.offers import listed
from workflows.durable.workflow_ids import price_workflow_id
from workflows.price_changes.messages import TellPrices
from workflows.price_changes.workflow import PriceChangeWorkflow

CUSTOMER, OWNED = "recorded", "before-1"
REPRICED = 5
PRICED_FROM = datetime(2090, 1, 1, tzinfo=UTC)


def order(order_id: str, *offers: str) -> OrderRequest:
    """One licence of each."""
    return request(*({"offer": offer} for offer in offers), order_id=order_id, customer=CUSTOMER)


class Sales:
    """A shop with one customer, who owns the offer `solo` already."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._mixed = order("mixed", "contoso-crm", "trial", "only-in-france", "solo", "set-up")

    async def prepare(self) -> None:
        """The catalog, and the subscription that stands in the way."""
        opened = datetime(2020, 1, 1, tzinfo=UTC)
        offers = (*OFFERS, listed(id="repriced", name="Repriced"))
        await imported(self._world.books.catalog, *offers, customers=(customer(id=CUSTOMER, account_opened=opened),))
        await self._buy(order("before", "solo"))

    async def mixed_order(self) -> WorkflowHistory:
        """Three lines are bought, two are refused by different rules (ELG-1, ELG-3)."""
        return await self._buy(self._mixed)

    async def mixed_order_again(self) -> WorkflowHistory:
        """The same order once what stood in the way has gone: one line more is bought (BUY-3)."""
        await self._world.server.subscriptions.ask(OWNED, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
        return await self._buy(self._mixed)

    async def waiting_order(self, settings: Settings) -> WorkflowHistory:
        """An order whose first activity is still under way."""
        wanted = order("waiting", "contoso-crm", "few")
        with locked_books(settings):
            await self._world.server.orders.place(wanted)
            handle = self._world.server.orders.handle(wanted.order_id)
            while not (await handle.describe()).raw_description.pending_activities:
                await asyncio.sleep(0.02)
            history = await handle.fetch_history()
        await self._world.server.orders.settled(wanted.order_id)
        return history

    async def cancelled_order(self, settings: Settings) -> WorkflowHistory:
        """An order that Temporal's own cancellation meets while it is opened: it goes on."""
        wanted = order("cancelled", "contoso-crm", "only-in-france")
        handle = self._world.server.orders.handle(wanted.order_id)
        with locked_books(settings):
            await self._world.server.orders.place(wanted)
            await handle.cancel()
            await self._world.server.orders.order(wanted.order_id)
        await self._world.server.orders.settled(wanted.order_id)
        return await handle.fetch_history()

    async def told_prices(self) -> int:
        """A version told to five subscriptions, two at a time and each page by a run of its own."""
        await self._buy(order("many", *["repriced"] * REPRICED))
        prices = [{"at": format_instant(PRICED_FROM), "unit_price": "12.00"}]
        version = (
            await imported(self._world.books.catalog, listed(id="repriced", name="Repriced", prices=prices))
        ).version
        progress = await self._world.server.client.execute_workflow(
            PriceChangeWorkflow.run,
            TellPrices(version=version, batch=2, batches_per_run=1),
            id=price_workflow_id(version),
            task_queue="perennial",
        )
        assert progress.told.told == REPRICED, progress
        return version

    async def _buy(self, wanted: OrderRequest) -> WorkflowHistory:
        await self._world.server.orders.place(wanted)
        settled = await self._world.server.orders.settled(wanted.order_id)
        for line in settled.lines:
            if line.status == "bought":
                await self._world.server.subscriptions.settled(line.subscription_id)
        return await self._world.server.orders.handle(wanted.order_id).fetch_history()
