"""What is recorded of an account that other services only signal: refused, noted, and one that had to wait."""

from datetime import UTC, datetime

from activities.settings import Settings
from hosting.assembly import World
from tests.support.live.payers import Payer, payment
from workflows.durable.operator import Operator

CUSTOMER = "signalled"
MONTH_END = datetime(2027, 2, 1, tzinfo=UTC)
LAST_MONTH_END = datetime(2027, 4, 1, tzinfo=UTC)


async def live_signalled(world: World, settings: Settings) -> None:
    """MON-6: a payment that comes while the month is being closed is decided after it. Handed over once, still open."""
    payer = Payer(world, CUSTOMER)
    handle = world.server.accounts.handle(CUSTOMER)
    await payer.buy()
    await world.server.accounts.settled(CUSTOMER)
    await handle.signal("payment_received", "nonsense")
    await handle.signal("payment_failed", payment("p-0", "1.00"))
    await handle.cancel()
    await payer.live_until(datetime(2027, 1, 31, tzinfo=UTC))
    async with payer.closing(settings, MONTH_END):
        await handle.signal("payment_received", payment("p-1", "10.00"))
        await world.server.accounts.life(CUSTOMER)
    paid = await world.server.accounts.settled(CUSTOMER, MONTH_END)
    assert [str(event.event) for event in paid.recent] == ["invoice_issued", "payment_received"], paid
    await handle.execute_update("migrate", Operator(by="global_admin"), result_type=str)
    await payer.live_until(LAST_MONTH_END)
    life = await world.server.accounts.settled(CUSTOMER)
    assert life.refused_signal_count == 3, life
