"""Signals that all come with one task are read in parts, in their order, and replay the same."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from domain.account.events import AccountEventName
from hosting.assembly import World, running_worker
from tests.support.live.purchases import order, settings_in
from workflows.account.client import Accounts
from workflows.account.messages import StartAccount
from workflows.account.workflow import BillingAccountWorkflow
from workflows.durable import options
from workflows.guard.converter import DATA_CONVERTER
from workflows.guard.interceptor import GuardInterceptor
from workflows.subscription.client import Subscriptions
from workflows.subscription.workflow import SubscriptionWorkflow

pytestmark = pytest.mark.live

SENT = 3 * options.SIGNALS_AT_ONCE
REPLAYER = Replayer(
    workflows=[SubscriptionWorkflow, BillingAccountWorkflow],
    data_converter=DATA_CONVERTER,
    interceptors=[GuardInterceptor()],
    workflow_runner=UnsandboxedWorkflowRunner(),
)


async def test_what_came_while_no_worker_was_there_is_read_in_its_order(world: World, tmp_path: Path) -> None:
    """SUS-1: the last of them finds all the others before it."""
    queue = "in-parts"
    subscriptions = Subscriptions(world.server.client, queue)
    wanted = order(at=datetime.now(UTC))
    handle = await subscriptions.buy(wanted, invoiced=False)
    for number in range(SENT - 2):
        await handle.signal("auto_renew_requested", {"by": "nobody", "enabled": False, "command_id": f"no-{number}"})
    await handle.signal("suspension_requested", {"by": "service", "reason": "fraud"})
    await handle.signal("auto_renew_requested", {"by": "nobody", "enabled": False, "command_id": "last"})
    async with running_worker(world.server.client, settings_in(tmp_path, queue)):
        while (await subscriptions.details(wanted.subscription_id)).refused_signal_count < SENT - 1:
            continue
        life = await subscriptions.settled(wanted.subscription_id)
        history = await handle.fetch_history()
    assert [event.event.value for event in life.recent] == ["purchased", "suspended"]
    assert [answered.command_id for answered in life.answered][-1] == "last"
    timers = [event for event in history.events if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED]
    assert len(timers) >= SENT // options.SIGNALS_AT_ONCE - 1
    await REPLAYER.replay_workflow(history)
    await handle.terminate()


async def test_so_does_an_account(world: World, tmp_path: Path) -> None:
    """MON-6: a payment behind hundreds that are refused is taken."""
    queue, customer = "in-parts-account", "in-parts"
    accounts = Accounts(world.server.client, queue)
    await accounts.open(StartAccount(customer_id=customer, opened_at=datetime.now(UTC)))
    handle = accounts.handle(customer)
    for _ in range(SENT):
        await handle.signal("payment_received", {"by": "service", "amount": 1.5})
    paid = {"by": "service", "payment_id": "p-1", "currency": "USD", "amount": "1.00"}
    await handle.signal("payment_received", paid)
    async with running_worker(world.server.client, settings_in(tmp_path, queue)):
        while (await accounts.details(customer)).seq == 0:
            continue
        life = await accounts.settled(customer)
        history = await handle.fetch_history()
    assert life.refused_signal_count == SENT
    assert life.recent[-1].event is AccountEventName.PAYMENT_RECEIVED
    await REPLAYER.replay_workflow(history)
    await handle.terminate()
