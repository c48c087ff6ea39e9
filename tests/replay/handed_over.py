"""What is recorded of a subscription whose runs end while effects wait: for a locked database, and under load."""

import asyncio
from datetime import UTC, datetime

from activities.settings import Settings
from domain.subscription.commands import ChangeQuantity
from hosting.assembly import World
from tests.support.live.purchases import order
from tests.support.shop.live import locked_books
from workflows.durable import options
from workflows.durable.operator import Operator
from workflows.subscription.messages import Migration

HANDED_OVER = "handed-over"
BY = "admin_agent"


async def live_handed_over(world: World, settings: Settings) -> None:
    """A run gives up the activity that it performs and who waits for it, then others end between commands."""
    subscriptions = world.server.subscriptions
    await subscriptions.buy(order(subscription_id=HANDED_OVER, at=datetime.now(UTC)))
    await subscriptions.settled(HANDED_OVER)
    handle = subscriptions.handle(HANDED_OVER)
    first_run = (await handle.describe()).run_id

    async def ask(quantity: int) -> None:
        command = ChangeQuantity(by=BY, quantity=quantity, command_id=f"to-{quantity}")
        await subscriptions.ask(HANDED_OVER, command, wait=False)

    with locked_books(settings):
        await asyncio.gather(ask(10), ask(11))
        waits = asyncio.create_task(subscriptions.committed(HANDED_OVER, 3))
        await handle.signal("new_run_requested", Operator(by="operator"))
        async with asyncio.timeout(3 * options.HAND_OVER_PATIENCE.total_seconds()):
            while (await handle.describe()).run_id == first_run:
                await asyncio.sleep(0.1)
        await ask(12)
    await waits
    await subscriptions.settled(HANDED_OVER)
    migrate = Migration(by="operator")
    for quantity in (20, 30):
        await asyncio.gather(
            *(ask(quantity + number) for number in range(4)), subscriptions.operate(HANDED_OVER, "migrate", migrate)
        )
    await subscriptions.settled(HANDED_OVER)
