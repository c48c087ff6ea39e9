"""A run that a reset has made goes on from the books: nothing is lost, charged twice, or decided on its old state."""

import asyncio

import pytest

from activities.wall_clock import wall_clock
from domain.subscription.commands import Cancel, ChangeQuantity, Command, Suspend
from domain.subscription.decision import Answer, Outcome
from domain.subscription.holds import Reason
from hosting.assembly import World
from perennial.sources.server import Server
from tests.support.live.payers import payment
from tests.support.live.repairs import Place, bought, tasks_of
from workflows.durable.workflow_ids import account_workflow_id, subscription_workflow_id

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


def more(quantity: int) -> ChangeQuantity:
    return ChangeQuantity(by="admin_agent", quantity=quantity, command_id=f"to-{quantity}")


async def said(world: World, subscription: str, command: Command) -> Answer:
    return await world.server.subscriptions.ask(subscription, command)


@pytest.mark.parametrize("reapply", [False, True])
@pytest.mark.parametrize("back", [1, 2, 3])
async def test_it_goes_on_from_the_books(place: Place, back: int, reapply: bool) -> None:
    """Back to before its last changes, or its purchase, with the requests sent again by the server, or without."""
    async with place.worker() as world:
        subscriptions, subscription = world.server.subscriptions, await bought(world)
        name = subscription_workflow_id(subscription)
        points = [(await tasks_of(place.client, name))[0]]
        for quantity in (5, 6):
            points.append((await tasks_of(place.client, name))[-1])
            first = await said(world, subscription, more(quantity))
        before = await subscriptions.settled(subscription)
        events = await world.books.subscriptions.events(subscription)
        rows = await world.books.subscriptions.rows(subscription)
        await place.reset(name, to=points[-back], reapply=reapply)
        # The first request that it gets is decided behind what the books know.
        assert await said(world, subscription, more(6)) == first
        after = await subscriptions.settled(subscription)
        assert (after.subscription, after.committed) == (before.subscription, before.committed)
        assert await world.books.subscriptions.events(subscription) == events
        assert await world.books.subscriptions.rows(subscription) == rows
        assert (await said(world, subscription, more(7))).outcome is Outcome.DONE
        assert (await world.books.subscriptions.events(subscription))[:-1] == events
        assert await place.found() == set()


async def test_without_a_request_it_looks_by_itself(place: Place) -> None:
    """A cancelled subscription whose run is reset to before its cancellation ends, and charges nothing more."""
    async with place.worker() as world:
        subscriptions, subscription = world.server.subscriptions, await bought(world)
        name = subscription_workflow_id(subscription)
        before = (await tasks_of(place.client, name))[-1]
        await said(world, subscription, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
        ended = await subscriptions.handle(subscription).result()
        await place.reset(name, to=before, reapply=False)
        assert await subscriptions.handle(subscription).result() == ended
        assert len(await world.books.subscriptions.events(subscription)) == ended.events


async def test_a_request_is_not_decided_on_the_old_state(place: Place) -> None:
    """It was held since: what is asked of the new run at once is answered by the held subscription."""
    async with place.worker() as world:
        subscription = await bought(world)
        name = subscription_workflow_id(subscription)
        before = (await tasks_of(place.client, name))[-1]
        await said(world, subscription, Suspend(by="service", reason=Reason.FRAUD, command_id="held"))
    await place.reset(name, to=before, reapply=False)
    asking = asyncio.create_task(ask_without_worker(place, subscription))
    await asyncio.sleep(0.5)
    async with place.worker() as world:
        assert (await asking).outcome is Outcome.REFUSED
        life = await world.server.subscriptions.settled(subscription)
        assert [hold.reason for hold in life.subscription.holds] == [Reason.FRAUD]
        assert await place.found() == set()


async def ask_without_worker(place: Place, subscription: str) -> Answer:
    server = Server.of(place.client, place.settings.task_queue, wall_clock)
    return await server.subscriptions.ask(subscription, more(9), wait=False)


async def test_an_account_goes_on_from_the_books(place: Place) -> None:
    async with place.worker() as world:
        accounts, customer = world.server.accounts, f"of-{await bought(world)}"
        name, points = account_workflow_id(customer), []
        await accounts.settled(customer)
        for each in ("p-1", "p-2"):
            points.append((await tasks_of(place.client, name))[-1])
            await accounts.ask(customer, payment(each, "7.00"))
        before = await accounts.settled(customer)
        await place.reset(name, to=points[0], reapply=False)
        assert (await accounts.ask(customer, payment("p-2", "7.00"))).outcome is Outcome.UNCHANGED
        assert (await accounts.settled(customer)).account == before.account
        assert (await accounts.ask(customer, payment("p-3", "1.00"))).outcome is Outcome.DONE
        assert await place.found() == set()
