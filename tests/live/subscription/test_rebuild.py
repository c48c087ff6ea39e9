"""A subscription whose workflow is gone goes on from the books, as if nothing had happened."""

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowFailureError

from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.orders import SqlOrders
from domain.subscription.commands import ChangeQuantity, Suspend
from domain.subscription.decision import Outcome
from domain.subscription.holds import Reason
from hosting.assembly import World
from statemachines.subscription.life import Life
from tests.support.live.repairs import Place, bought
from tests.support.shop.live import Shop
from workflows.calls.errors import AlreadyExists
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.server_ports import ServerLauncher
from workflows.subscription.messages import Rebuild

pytestmark = pytest.mark.live
YEAR = timedelta(days=365)


def wanted(subscription_id: str) -> Rebuild:
    return Rebuild(by="operator", note="the workflow was terminated", subscription_id=subscription_id)


def more(quantity: int, command_id: str) -> ChangeQuantity:
    return ChangeQuantity(by="admin_agent", quantity=quantity, command_id=command_id)


async def rebuilt(world: World, subscription_id: str) -> Life:
    await world.server.subscriptions.rebuild(wanted(subscription_id))
    return await world.server.subscriptions.settled(subscription_id)


@pytest.mark.parametrize("how", ["terminated", "deleted"])
async def test_a_lost_subscription_goes_on_where_it_was(place: Place, how: str) -> None:
    async with place.worker() as world:
        subscriptions = world.server.subscriptions
        lost = await bought(world)
        first = await subscriptions.ask(lost, more(5, "c-1"))
        before = await subscriptions.settled(lost)
        with pytest.raises(AlreadyExists):
            await subscriptions.rebuild(wanted(lost))
        if how == "terminated":
            await subscriptions.handle(lost).terminate("a test")
        else:
            await place.delete(subscription_workflow_id(lost))
        after = await rebuilt(world, lost)
        assert after == before.model_copy(update={"accepted_at": after.accepted_at})
        # A repeat gets its first answer; what is new is decided, and recorded behind what was.
        assert await subscriptions.ask(lost, more(5, "c-1")) == first
        assert (await subscriptions.ask(lost, more(6, "c-2"))).outcome is Outcome.DONE
        assert [event.seq for event in await world.books.subscriptions.events(lost)] == [1, 2, 3]
        assert len({row.key for row in await world.books.subscriptions.rows(lost)}) == 5


async def test_a_signal_that_comes_meanwhile_is_read(place: Place) -> None:
    async with place.worker() as world:
        lost = await bought(world)
        await world.server.subscriptions.handle(lost).terminate("a test")
    # Without a worker nothing is restored yet.
    await world.server.subscriptions.rebuild(wanted(lost))
    handle = world.server.client.get_workflow_handle(subscription_workflow_id(lost))
    await handle.signal("suspension_requested", Suspend(by="service", reason=Reason.FRAUD))
    await handle.signal("no such signal", 1)
    async with place.worker() as world:
        life = await world.server.subscriptions.settled(lost)
        for _ in range(50):
            if life.subscription.holds:
                break
            life = await world.server.subscriptions.settled(lost)
        assert [hold.reason for hold in life.subscription.holds] == [Reason.FRAUD]
        assert life.refused_signal_count == 1


async def test_what_cannot_be_rebuilt_fails_in_one_line(place: Place) -> None:
    async with place.worker() as world:
        subscriptions = world.server.subscriptions
        await subscriptions.rebuild(wanted("nobody-s"))
        with pytest.raises(WorkflowFailureError) as caught:
            await subscriptions.handle("nobody-s").result(rpc_timeout=timedelta(seconds=20))
        assert "The books do not know subscription nobody-s" in str(caught.value.cause)


async def test_its_test_clock_is_as_far_ahead_as_it_was(place: Place) -> None:
    async with place.worker() as world:
        subscriptions = world.server.subscriptions
        lost = await bought(world, tested=True, at=datetime.now(UTC) - YEAR)
        clock = (await subscriptions.details(lost)).clock
        await subscriptions.handle(lost).terminate("a test")
        await rebuilt(world, lost)
        assert clock is not None
        assert (await subscriptions.details(lost)).clock == clock


async def test_an_order_that_goes_on_knows_its_rebuilt_subscription(place: Place) -> None:
    """The order stopped before it had noted that its subscription was started."""
    async with place.worker() as world, Database(place.settings.database_url) as database:
        shop, subscriptions = Shop(world), world.server.subscriptions
        placed = await shop.buy(shop.order(await shop.customer(), {}))
        lost = placed.lines[0].subscription_id
        await subscriptions.handle(lost).terminate("a test")
        await rebuilt(world, lost)
        bought_with = await SqlOrders(database).purchase(placed.order_id, 1)
        await ServerLauncher(subscriptions).launch(bought_with, partner=None, ahead_by=timedelta(0), periods_per_run=3)
        assert (await subscriptions.settled(lost)).committed == 1
