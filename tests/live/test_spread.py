"""A subscription with a spread renews later than its instant, with its date; commands and money do not notice."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from domain.subscription.commands import SetAutoRenew
from domain.subscription.events import EventName
from hosting.assembly import World
from tests.support.live.payers import Payer
from tests.support.live.purchases import Bought, Buy, order
from workflows.subscription.spread import Spread

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

BOUGHT = datetime(2027, 1, 31, 9, tzinfo=UTC)
RENEWS = datetime(2027, 2, 28, 9, tzinfo=UTC)
SPREAD = timedelta(minutes=5)
MARGIN = timedelta(seconds=40)
"""The clocks go on while a test looks."""


def a_late_one(prefix: str) -> str:
    """An id whose lateness leaves room before and behind it."""
    ids = (f"{prefix}-{number}" for number in range(1_000))
    return next(each for each in ids if 2 * MARGIN < late_by(each) < SPREAD - 2 * MARGIN)


def late_by(subscription_id: str) -> timedelta:
    return Spread(subscription_id, int(SPREAD.total_seconds()), lambda: BOUGHT).late_by


async def spread_one(buy: Buy, prefix: str) -> Bought:
    return await buy(order(subscription_id=a_late_one(prefix), at=BOUGHT), spread=SPREAD)


async def names(world: World, subscription_id: str) -> list[str]:
    return [event.event.value for event in await world.books.subscriptions.events(subscription_id)]


async def test_it_renews_later_with_its_date(world: World, buy: Buy) -> None:
    bought = await spread_one(buy, "renews-late")
    handle, late = world.server.subscriptions.handle(bought.id), late_by(bought.id)
    seen = await world.server.subscriptions.details(bought.id)
    assert (seen.late_by, seen.timeline[-1].at) == (late, RENEWS)
    await world.clock.advance(handle, bought.clock, RENEWS + late - MARGIN)
    assert await names(world, bought.id) == ["purchased"]
    await world.clock.advance(handle, bought.clock, RENEWS + late)
    life = await world.server.subscriptions.settled(bought.id, RENEWS)
    renewed = life.recent[-1]
    assert (renewed.event, renewed.at) == (EventName.RENEWED, RENEWS)


async def test_tim_5_a_command_in_between_comes_after_the_renewal(world: World, buy: Buy) -> None:
    bought = await spread_one(buy, "asked-meanwhile")
    await world.clock.advance(world.server.subscriptions.handle(bought.id), bought.clock, RENEWS)
    answer = await world.server.subscriptions.ask(bought.id, SetAutoRenew(by="admin_agent", enabled=False))
    assert await names(world, bought.id) == ["purchased", "renewed", "auto_renew_changed"]
    assert answer.at >= RENEWS


async def test_nothing_else_is_late(world: World, buy: Buy) -> None:
    """REN-2: without auto-renew it expires at its instant."""
    bought = await spread_one(buy, "expires-in-time")
    handle = world.server.subscriptions.handle(bought.id)
    await world.server.subscriptions.ask(bought.id, SetAutoRenew(by="admin_agent", enabled=False))
    await world.clock.advance(handle, bought.clock, RENEWS)
    life = await world.server.subscriptions.settled(bought.id, RENEWS)
    assert (life.recent[-1].event, life.recent[-1].at) == (EventName.EXPIRED, RENEWS)


async def test_mon_5_a_month_is_closed_once_late_charges_are_there(world: World) -> None:
    """The renewal of the month's last second is on its invoice, though the account wakes before it."""
    payer = Payer(world, at=datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC))
    bought = order(subscription_id=a_late_one("charged-late"), customer=payer.id, at=payer.at)
    await payer.buy(bought, spread=SPREAD)
    account, handle = world.server.accounts.handle(payer.id), world.server.subscriptions.handle(bought.subscription_id)
    await payer.live_until(datetime(2027, 2, 1, tzinfo=UTC))
    ends = datetime(2027, 3, 1, tzinfo=UTC)
    await world.clock.advance(account, payer.clock, ends)
    while not (await payer.life()).account.closing:
        await asyncio.sleep(0.02)
    await world.clock.advance(handle, payer.clock, ends + late_by(bought.subscription_id))
    life = await world.server.accounts.settled(payer.id, ends)
    invoices = await world.books.accounts.invoices(customer=payer.id, limit=None)
    assert life.account.month.start == ends
    charges = {found.head.month.end: found.head.totals.charges for found in invoices}
    assert charges.keys() == {datetime(2027, 2, 1, tzinfo=UTC), ends}
    assert len(set(charges.values())) == 1
