"""Usage that is reported while suspended and after the end: counted, billed, and never lost (USE-1, USE-2)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.ordering.terms import Order
from domain.subscription.commands import Deprovision, ReportUsage, Suspend
from domain.subscription.decision import Outcome
from domain.subscription.holds import Reason
from hosting.assembly import World
from perennial.subscription.usage import report_usage
from statemachines.subscription.timeline import What
from tests.support.live.purchases import Buy, order
from tests.support.live.repairs import Place
from tests.support.shop.offers import offer
from workflows.durable.clock import TestClock
from workflows.subscription.messages import Rebuild

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]
BOUGHT = datetime(2027, 1, 31, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def a_meter(subscription_id: str) -> Order:
    meter = offer(id="wingtip-meter", billing_type="usage", unit_price="0.25")
    return order(meter, subscription_id=subscription_id, quantity=1, at=BOUGHT)


def report(usage_id: str, units: int, used_at: datetime | None = None, corrects: str | None = None) -> ReportUsage:
    return ReportUsage(by="service", usage_id=usage_id, units=Decimal(units), used_at=used_at, corrects=corrects)


async def coming(world: World, subscription_id: str) -> list[What]:
    return [milestone.what for milestone in (await world.server.subscriptions.details(subscription_id)).timeline]


async def test_a_report_that_was_recorded_and_not_counted_is_counted_by_its_repeat(world: World, buy: Buy) -> None:
    """Its reporter stopped in between."""
    meter = await buy(a_meter("counted-by-its-repeat"))
    subscriptions = world.server.subscriptions
    ordered_at = (await subscriptions.life(meter.id)).subscription.ordered_at
    await subscriptions.ask(meter.id, Suspend(by="service", reason=Reason.FRAUD))
    assert await coming(world, meter.id) == [What.DELETE]
    late = report("late", 4, used_at=ordered_at)
    answer = await subscriptions.preview(meter.id, late)
    assert (await world.books.usage.report_usage(meter.id, late, answer)).outcome is Outcome.DONE
    assert await coming(world, meter.id) == [What.DELETE]
    again = await report_usage(world.server, world.books, meter.id, late)
    assert again.outcome is Outcome.UNCHANGED
    assert await coming(world, meter.id) == [What.CHARGE_PERIOD, What.DELETE]
    taken_back = report("taken-back", 0, corrects="late")
    assert (await report_usage(world.server, world.books, meter.id, taken_back)).outcome is Outcome.DONE
    assert await coming(world, meter.id) == [What.DELETE]


async def test_the_settlement_bills_what_nobody_had_counted(world: World, buy: Buy) -> None:
    meter = await buy(a_meter("settled-uncounted"))
    subscriptions, handle = world.server.subscriptions, world.server.subscriptions.handle(meter.id)
    ended = await subscriptions.ask(meter.id, Deprovision(by="admin_agent"))
    late = report("late", 4, used_at=ended.at - timedelta(microseconds=1))
    answer = await subscriptions.preview(meter.id, late)
    await world.books.usage.report_usage(meter.id, late, answer)
    assert await coming(world, meter.id) == []
    closes = ended.at + DAY
    await world.clock.advance(handle, meter.clock, closes + HOUR)
    result = await handle.result(rpc_timeout=timedelta(seconds=30))
    assert (result.state, result.events, result.ended_at) == ("deprovisioned", 3, ended.at)
    (row,) = await world.books.subscriptions.rows(meter.id)
    assert (row.at, row.quantity, row.key) == (closes, Decimal(4), "seq-3/term-1/period-1/charge/wingtip-meter")
    refused = await report_usage(world.server, world.books, meter.id, late)
    assert (refused.outcome, refused.rule) == (Outcome.REFUSED, "USE-1")
    audited = await world.books.subscription_auditor.one(meter.id)
    assert audited is not None
    assert audited.violations == ()


async def test_what_waits_for_late_usage_is_compared_and_rebuilt(place: Place) -> None:
    """It has ended and its workflow runs; terminated, it is missed, and rebuilt with what it had counted."""
    meter = "waits-for-late-usage"
    async with place.worker() as world:
        subscriptions = world.server.subscriptions
        now = datetime.now(UTC)
        bought = a_meter(meter).model_copy(update={"at": now})
        await subscriptions.buy(bought, clock=TestClock.ahead_by(timedelta(0)), invoiced=False)
        await subscriptions.committed(meter, 1)
        ended = await subscriptions.ask(meter, Deprovision(by="admin_agent"))
        late = report("late", 4, used_at=ended.at - timedelta(microseconds=1))
        assert (await report_usage(world.server, world.books, meter, late)).outcome is Outcome.DONE
        assert await coming(world, meter) == [What.SETTLE_USAGE]
        assert not await place.found(meter)
        before = await subscriptions.settled(meter)
        await subscriptions.handle(meter).terminate("a test")
        assert [kind for _, _, kind in await place.found(meter)] == ["terminated"]
        await subscriptions.rebuild(Rebuild(by="operator", note="a test", subscription_id=meter))
        after = await subscriptions.settled(meter)
        assert after == before.model_copy(update={"accepted_at": after.accepted_at})
        assert await coming(world, meter) == [What.SETTLE_USAGE]
