"""A subscription that is lost and rebuilt from the books, with a command before and after."""

from datetime import UTC, datetime

from domain.subscription.commands import ChangeQuantity
from hosting.assembly import World
from tests.support.live.purchases import order
from workflows.subscription.messages import Rebuild

REBUILT = "rebuilt"


async def live_rebuilt(world: World) -> None:
    """Buy it, change it, terminate its workflow, rebuild it, and change it again."""
    subscriptions = world.server.subscriptions
    await subscriptions.buy(order(subscription_id=REBUILT, customer=REBUILT, at=datetime.now(UTC)))
    await subscriptions.ask(REBUILT, ChangeQuantity(by="admin_agent", quantity=5, command_id="c-1"))
    await subscriptions.handle(REBUILT).terminate("a recording")
    await subscriptions.rebuild(Rebuild(subscription_id=REBUILT, by="operator", note="it was terminated"))
    await subscriptions.ask(REBUILT, ChangeQuantity(by="admin_agent", quantity=6, command_id="c-2"))
    await subscriptions.settled(REBUILT)
