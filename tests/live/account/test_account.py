"""Billing accounts on a real server: opened by purchases, suspending and lifting, and without an end (MON-5, MON-6)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowExecutionStatus

from domain.account.terms import terms_of
from domain.rules import Rule
from domain.subscription.commands import Suspend
from domain.subscription.decision import Outcome
from domain.subscription.holds import Reason
from hosting.assembly import World
from tests.support.live.payers import OPENED, Payer, new_customer, payment
from tests.support.live.purchases import order
from workflows.account.messages import StartAccount
from workflows.calls.errors import NotFound
from workflows.durable.clock import TestClock
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.subscription.messages import Purchase

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

FEBRUARY = datetime(2027, 2, 1, tzinfo=UTC)

SUSPENSION = datetime(2027, 5, 2, tzinfo=UTC)
"""January's invoice is due on April 2; thirty days later its customer is suspended (MON-6)."""


async def test_an_account_opens_by_itself_with_the_first_purchase(world: World) -> None:
    """MON-5: from the order on, under the order's policy pack; before it there is none."""
    customer = new_customer()
    with pytest.raises(NotFound, match=f"no billing account of {customer}"):
        await world.server.accounts.details(customer)
    wanted = order(customer=customer, at=datetime.now(UTC), policy="saas-fulfillment-v2")
    await world.server.subscriptions.buy(wanted)
    await world.server.subscriptions.settled(wanted.subscription_id)
    seen = await world.server.accounts.details(customer)
    assert (seen.seq, seen.clock, seen.attention) == (0, None, None)
    assert seen.terms == terms_of("saas-fulfillment-v2")
    assert seen.month.start == (await world.server.subscriptions.life(wanted.subscription_id)).subscription.ordered_at
    described = await world.server.accounts.handle(customer).describe()
    shown = {pair.key.name: pair.value for pair in described.typed_search_attributes}
    assert (shown["CustomerId"], shown["AccountStanding"]) == (customer, "current")


async def test_rol_1_an_account_keeps_the_preset_of_the_purchase_that_opened_it(world: World) -> None:
    customer = new_customer()
    await world.server.subscriptions.buy(bought := order(customer=customer, at=datetime.now(UTC), roles="strict"))
    await world.server.subscriptions.settled(bought.subscription_id)
    refused = await world.server.accounts.ask(customer, payment("p-1", "10.00", by="helpdesk_agent"))
    assert (refused.outcome, refused.rule) == (Outcome.REFUSED, Rule.ROL_1)
    assert (
        await world.server.accounts.ask(customer, payment("p-1", "10.00", by="billing_admin"))
    ).outcome is Outcome.DONE


async def test_several_purchases_at_once_open_one_account(world: World) -> None:
    customer = new_customer()
    orders = [order(customer=customer, at=datetime.now(UTC)) for _ in range(5)]
    await asyncio.gather(*(world.server.subscriptions.buy(wanted) for wanted in orders))
    lives = await asyncio.gather(*(world.server.subscriptions.settled(wanted.subscription_id) for wanted in orders))
    assert [life.effects for life in lives] == [()] * len(orders)
    handle = world.server.accounts.handle(customer)
    opened_at = (await world.server.accounts.life(customer)).account.opened_at
    assert opened_at in {life.subscription.ordered_at for life in lives}
    run = (await handle.describe()).run_id
    assert not await world.server.accounts.open(StartAccount(customer_id=customer, opened_at=OPENED))
    assert (await handle.describe()).run_id == run


async def test_a_purchase_started_by_hand_opens_it_too(world: World) -> None:
    """Nothing of our client is needed: the subscription's first decision opens the account."""
    customer = new_customer()
    wanted = order(customer=customer, at=datetime.now(UTC))
    start = {"order": Purchase(order=wanted).model_dump(mode="json")["order"]}
    await world.server.client.start_workflow(
        "SubscriptionWorkflow", start, id=subscription_workflow_id(wanted.subscription_id), task_queue="perennial"
    )
    await world.server.subscriptions.settled(wanted.subscription_id)
    assert (await world.server.accounts.details(customer)).customer_id == customer


async def test_a_purchase_that_is_not_invoiced_opens_none(world: World) -> None:
    customer = new_customer()
    wanted = order(customer=customer, at=datetime.now(UTC))
    await world.server.subscriptions.buy(wanted, invoiced=False)
    await world.server.subscriptions.settled(wanted.subscription_id)
    with pytest.raises(NotFound):
        await world.server.accounts.details(customer)


async def test_a_payment_lifts_nonpayment_and_no_other_hold(world: World) -> None:
    """SUS-9: of two subscriptions that are held for nonpayment, the one with a hold of its own stays suspended."""
    payer = Payer(world)
    plain, held = await payer.buy(), await payer.buy()
    await payer.live_until(SUSPENSION)
    assert (await world.server.accounts.details(payer.id)).holds
    for subscription_id in (plain, held):
        seen = await world.server.subscriptions.details(subscription_id)
        assert [(hold.reason, hold.by) for hold in seen.holds] == [(Reason.NONPAYMENT, "system")]
    request = Suspend(by="admin_agent", reason=Reason.CUSTOMER_REQUEST)
    await payer.ask(held, request, SUSPENSION + timedelta(days=1))
    # A part of the debt lifts nothing.
    await payer.request(payment("p-1", "59.99"), SUSPENSION + timedelta(days=2))
    assert (await world.server.subscriptions.details(plain)).state == "suspended"
    await payer.request(payment("p-2", "0.01"), SUSPENSION + timedelta(days=3))
    await asyncio.gather(*(world.server.subscriptions.settled(each) for each in (plain, held)))
    assert (await world.server.subscriptions.details(plain)).state == "active"
    seen = await world.server.subscriptions.details(held)
    assert (seen.state, [hold.reason for hold in seen.holds]) == ("suspended", [Reason.CUSTOMER_REQUEST])
    assert not (await world.server.accounts.details(payer.id)).holds
    journal = await world.books.subscriptions.events(held)
    assert [event.event.value for event in journal[-3:]] == ["suspended", "suspended", "hold_lifted"]
    assert {event.actor for event in journal if event.by == "system" and event.actor} == {"billing-account"}


async def test_temporals_own_cancellation_ends_no_account(world: World) -> None:
    payer = Payer(world)
    await payer.buy()
    handle = world.server.accounts.handle(payer.id)
    await handle.cancel()
    assert (await world.server.accounts.ask(payer.id, payment("p-1", "1.00"))).outcome is Outcome.DONE
    seen = await world.server.accounts.details(payer.id)
    assert seen.refused_signals[-1].message == "Temporal's own cancellation ends no account."
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    await payer.live_until(FEBRUARY)
    assert await payer.journal() == ["payment_received", "invoice_issued"]


async def test_mon_5_an_account_that_is_opened_late_invoices_what_was_charged_before(world: World) -> None:
    """One that bought before there were accounts: the months since its first order come one after another."""
    customer, began = new_customer(), datetime.now(UTC) - timedelta(days=75)
    bought = order(customer=customer, at=began)
    await world.server.subscriptions.buy(bought, invoiced=False, clock=TestClock())
    await world.server.subscriptions.settled(bought.subscription_id)
    first = await world.books.subscriptions.first_of(customer)
    assert (first.subscription_id, first.ordered_at) == (bought.subscription_id, began)
    assert await world.server.accounts.open(StartAccount(customer_id=customer, opened_at=first.ordered_at))
    await world.server.accounts.settled(customer, datetime.now(UTC))
    invoices = await world.books.accounts.documents(customer)
    waiting = await world.books.accounts.uninvoiced(customer)
    rows = await world.books.subscriptions.rows(bought.subscription_id)
    assert len(invoices) >= 2
    assert sorted(line.row.key for line in (*waiting, *(x for one in invoices for x in one.lines))) == sorted(
        row.key for row in rows
    )
    for one in invoices:
        assert all(one.head.month.start <= line.row.at < one.head.month.end for line in one.lines)
