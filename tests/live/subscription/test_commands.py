"""Commands to a living workflow: once and only once, also across runs, and refused as values."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from temporalio.client import WorkflowUpdateFailedError

from domain.subscription.commands import (
    Cancel,
    ChangeQuantity,
    Deprovision,
    Expected,
    ReportUsage,
    SetAutoRenew,
    Suspend,
)
from domain.subscription.decision import Outcome
from domain.subscription.holds import Reason
from hosting.assembly import World
from perennial.subscription.usage import report_usage
from tests.support.live.purchases import Buy, order
from tests.support.shop.offers import offer
from workflows.calls.errors import AlreadyExists, NotFound, Rejected
from workflows.subscription.forecast import WhatIf
from workflows.subscription.messages import Migration

pytestmark = pytest.mark.live
REASON = Reason.CUSTOMER_REQUEST


def change(quantity: int, command_id: str, at: datetime | None = None) -> ChangeQuantity:
    return ChangeQuantity(by="admin_agent", quantity=quantity, command_id=command_id, at=at)


async def test_a_command_sent_twice_has_one_effect_and_one_answer(world: World, buy: Buy) -> None:
    bought = await buy()
    first = await world.server.subscriptions.ask(bought.id, change(5, "more"))
    again = await world.server.subscriptions.ask(bought.id, change(5, "more"))
    assert first == again
    assert first.outcome is Outcome.DONE
    assert [e.event.value for e in await world.books.subscriptions.events(bought.id)] == [
        "purchased",
        "quantity_changed",
    ]


async def test_also_after_a_continue_as_new(world: World, buy: Buy) -> None:
    bought = await buy(periods_per_run=1)
    handle = world.server.subscriptions.handle(bought.id)
    first_run = (await handle.describe()).run_id
    first = await world.server.subscriptions.ask(bought.id, change(5, "more"))
    await world.clock.advance(handle, bought.clock, datetime(2027, 4, 1, tzinfo=UTC))
    await world.server.subscriptions.settled(bought.id, datetime(2027, 4, 1, tzinfo=UTC))
    assert (await handle.describe()).run_id != first_run
    again = await world.server.subscriptions.ask(bought.id, change(5, "more"))
    assert first == again
    names = [e.event.value for e in await world.books.subscriptions.events(bought.id)]
    assert names == ["purchased", "quantity_changed", "renewed", "renewed"]


async def test_migrate_continues_as_new_with_the_whole_life(world: World, buy: Buy) -> None:
    bought = await buy()
    handle = world.server.subscriptions.handle(bought.id)
    before, life = (await handle.describe()).run_id, await world.server.subscriptions.life(bought.id)
    await world.server.subscriptions.operate(bought.id, "migrate", Migration(by="global_admin"))
    for _ in range(100):
        if (await handle.describe()).run_id != before:
            break
        await asyncio.sleep(0.05)
    assert (await handle.describe()).run_id != before
    assert await world.server.subscriptions.life(bought.id) == life


async def test_the_same_id_for_another_command_is_an_error(world: World, buy: Buy) -> None:
    bought = await buy()
    await world.server.subscriptions.ask(bought.id, change(5, "once"))
    with pytest.raises(Rejected, match="once was used for another command; use a new id"):
        await world.server.subscriptions.ask(bought.id, change(6, "once"))
    assert (await world.server.subscriptions.details(bought.id)).quantity == 5


async def test_an_update_id_that_was_used_for_another_command_is_refused(world: World, buy: Buy) -> None:
    """The server knows an update id in one run only. Unchecked, the update would fail its workflow task for ever."""
    bought = await buy()
    await world.server.subscriptions.ask(bought.id, change(5, "once"))
    handle = world.server.subscriptions.handle(bought.id)
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await handle.execute_update("change_quantity", {"by": "admin_agent", "quantity": 6}, id="once")
    assert "once was used for another command; use a new id" in str(failed.value.cause)
    again = await handle.execute_update("change_quantity", {"by": "admin_agent", "quantity": 5}, id="once-more")
    assert again["outcome"] == "unchanged"
    assert (await world.server.subscriptions.details(bought.id)).quantity == 5


async def test_two_cancels_at_once_one_cancels_and_both_are_answered(world: World, buy: Buy) -> None:
    """LIF-1, LIF-2."""
    bought = await buy()
    asks = [
        world.server.subscriptions.ask(
            bought.id, Cancel(by="admin_agent", reason=REASON, command_id=f"cancel-{n}"), wait=False
        )
        for n in range(2)
    ]
    answers = await asyncio.gather(*asks, return_exceptions=True)
    outcomes = [getattr(a, "outcome", type(a).__name__) for a in answers]
    assert Outcome.CANCELLED_WITH_CREDIT in outcomes
    assert set(outcomes) <= {Outcome.CANCELLED_WITH_CREDIT, Outcome.REFUSED, "AlreadyEnded"}
    assert outcomes.count(Outcome.CANCELLED_WITH_CREDIT) == 1
    await world.server.subscriptions.settled(bought.id)
    assert len(await world.books.subscriptions.events(bought.id)) == 2


async def test_what_was_confirmed_is_what_is_done(world: World, buy: Buy) -> None:
    """CXL-1: the decision is shown first; when it is another one now, nothing is done."""
    bought = await buy()
    cancel = Cancel(by="admin_agent", reason=REASON)
    shown = await world.server.subscriptions.preview(bought.id, cancel)
    expected = Expected(outcome=shown.outcome, credit=shown.credit)
    late = cancel.model_copy(update={"expected": expected, "at": datetime(2027, 2, 1, 9, tzinfo=UTC)})
    answer = await world.server.subscriptions.ask(bought.id, late)
    assert answer.outcome is Outcome.REFUSED
    assert "It expires with its term" in answer.message
    in_time = cancel.model_copy(update={"expected": expected})
    done = await world.server.subscriptions.ask(bought.id, in_time.model_copy(update={"command_id": "now"}))
    assert (done.outcome, done.credit) == (shown.outcome, shown.credit)


async def test_usage_never_enters_a_history_and_is_billed_at_the_end(world: World, buy: Buy) -> None:
    """CXL-6, SUS-10."""
    bought = await buy(order(offer(id="compute", billing_type="usage", unit_price="0.25"), quantity=1))
    handle = world.server.subscriptions.handle(bought.id)
    length = (await handle.describe()).history_length
    for day in range(20):
        usage = ReportUsage(by="service", units=Decimal(f"{day}.5"), usage_id=f"day-{day}")
        answer = await report_usage(world.server, world.books, bought.id, usage)
        assert answer.outcome is Outcome.DONE
    assert (await handle.describe()).history_length == length
    ended = await world.server.subscriptions.ask(bought.id, Deprovision(by="admin_agent", command_id="end"))
    assert ended.charge is not None
    assert str(ended.charge) == "USD 50.00"
    command = ReportUsage(by="service", units=Decimal(1), usage_id="late")
    late = await report_usage(world.server, world.books, bought.id, command)
    assert (late.outcome, late.rule) == (Outcome.REFUSED, "USE-1")


async def test_what_if_and_preview_change_nothing(world: World, buy: Buy) -> None:
    bought = await buy()
    before = await world.server.subscriptions.life(bought.id)
    suspend = Suspend(by="service", reason=Reason.NONPAYMENT)
    forecast = await world.server.subscriptions.what_if(
        bought.id, WhatIf(commands=(suspend,), until=datetime(2028, 1, 1, tzinfo=UTC))
    )
    assert [event.event.value for event in forecast.events] == ["suspended", "deleted"]
    assert (await world.server.subscriptions.preview(bought.id, suspend)).outcome is Outcome.DONE
    assert await world.server.subscriptions.life(bought.id) == before


async def test_at_is_only_for_a_test_clock_and_only_between_events(world: World, buy: Buy) -> None:
    bought = await buy()
    early = change(4, "early", at=datetime(2027, 1, 31, 8, tzinfo=UTC))
    with pytest.raises(Rejected, match="not be before the last event"):
        await world.server.subscriptions.ask(bought.id, early)
    beyond = change(4, "beyond", at=datetime(2027, 3, 1, tzinfo=UTC))
    with pytest.raises(Rejected, match=r"not be after the next milestone \(renew, 2027-02-28T09:00:00Z\)"):
        await world.server.subscriptions.ask(bought.id, beyond)
    plain = order(at=datetime.now(UTC))
    await world.server.subscriptions.buy(plain)
    with pytest.raises(Rejected, match="bought with a test clock"):
        await world.server.subscriptions.ask(plain.subscription_id, change(4, "at", at=plain.at + timedelta(days=1)))


async def test_an_id_is_bought_once_and_an_unknown_one_is_named(world: World, buy: Buy) -> None:
    bought = await buy()
    with pytest.raises(AlreadyExists, match=f"subscription {bought.id} exists already"):
        await world.server.subscriptions.buy(order(subscription_id=bought.id))
    with pytest.raises(NotFound, match="There is no subscription nobody"):
        await world.server.subscriptions.ask("nobody", SetAutoRenew(by="admin_agent", enabled=False))


async def test_a_command_ahead_of_the_clock_does_not_wake_the_workflow_again_and_again(world: World, buy: Buy) -> None:
    """Its instant is decided; the clock still has weeks to go to the milestone behind it, in one timer."""
    bought = await buy()
    just_before = datetime(2027, 2, 28, 8, 59, 59, 999999, tzinfo=UTC)
    await world.server.subscriptions.ask(bought.id, change(4, "ahead", at=just_before))
    handle = world.server.subscriptions.handle(bought.id)
    length = (await handle.describe()).history_length
    await asyncio.sleep(1)
    assert (await handle.describe()).history_length <= length + 2
