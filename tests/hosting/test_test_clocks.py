"""Test clocks: taken by servers that can skip time, in namespaces that are marked; refused by all others."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.errors import ClocksRefused, Permanent
from activities.wall_clock import wall_clock
from hosting.assembly import running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.preparation import clocks_part, server_parts
from hosting.temporal.connection import connect_to
from perennial.deployment.preparation import Condition, looked_at, prepared, require
from tests.support.live.purchases import order, settings_in
from tests.support.plain_server import plain_server, refused_by
from tests.support.shop.buyers import request
from workflows.account.messages import StartAccount
from workflows.calls.errors import CallError, NotAnswered
from workflows.calls.test_clocks import ClockPermit
from workflows.durable import options
from workflows.durable.clock import TestClock
from workflows.order.client import OrderClient
from workflows.order.messages import PlaceOrder
from workflows.server_ports import ServerLauncher
from workflows.subscription.client import Subscriptions
from workflows.subscription.messages import Purchase

AHEAD = TestClock.ahead_by(timedelta(days=1))


@pytest_asyncio.fixture(scope="module")
async def unmarked(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A server that can skip time, whose namespace `shop` is not marked for tests."""
    async with EmbeddedServer(tmp_path_factory.mktemp("unmarked")) as server:
        await require(server_parts(await connect_to(server.address, namespace="shop")), prepare=True)
        yield server.address


async def refused(client: Client, said: str) -> None:
    """Each way to begin with a test clock is refused, and for good."""
    subscriptions = Subscriptions(client, "nobody")
    with pytest.raises(ClocksRefused, match=said):
        await subscriptions.buy(order(), clock=AHEAD)
    with pytest.raises(ClocksRefused, match=said):
        await OrderClient(client, "nobody").place(request({}), clock=AHEAD)
    with pytest.raises(Permanent, match=said):
        await ServerLauncher(subscriptions).launch(order(), partner=None, ahead_by=timedelta(days=1), periods_per_run=3)
    assert (await client.count_workflows()).count == 0


async def test_a_server_that_cannot_skip_time(unmarked: str) -> None:
    async with plain_server() as address:
        client = await connect_to(address)
        await refused(client, f"^The Temporal server at {address} cannot skip time, so it takes no test clocks")
        (found,) = await prepared([clocks_part(client)])
        assert found.condition is Condition.FAILED
        assert found.words.startswith(f"The Temporal server at {address} cannot skip time")
    denied = RPCError("Request unauthorized.", RPCStatusCode.PERMISSION_DENIED, b"")
    blind = await refused_by(unmarked, denied, "workflow.update_workflow_execution_options", namespace="shop")
    with pytest.raises(ClocksRefused, match="cannot skip time"):
        await ClockPermit(blind).require()


async def test_a_namespace_is_marked_by_hand_only(unmarked: str) -> None:
    client = await connect_to(unmarked, namespace="rehearsal")  # of its own: other tests need theirs unmarked
    await require(server_parts(client), prepare=True)
    await refused(client, "^Namespace 'rehearsal' is not marked for tests, so it takes no test clocks")
    (found,) = await looked_at([clocks_part(client)])
    assert found.by_hand == (
        "temporal operator namespace update --namespace rehearsal --data perennial.test_clocks=allowed"
    )
    await require([clocks_part(client)], prepare=True)
    await Subscriptions(client, "nobody").buy(order(), clock=AHEAD)


@pytest.mark.parametrize("kind", ["SubscriptionWorkflow", "BillingAccountWorkflow", "OrderWorkflow"])
async def test_whoever_starts_one_with_a_test_clock_by_hand_is_refused(
    unmarked: str, tmp_path: Path, kind: str
) -> None:
    """By a bare client, which asks nobody first: it ends in one line, and nothing of it is written."""
    client = await connect_to(unmarked, namespace="shop")
    customer = f"customer-of-{kind}"
    settings, wanted, cart = settings_in(tmp_path, customer), order(customer=customer), request({}, customer=customer)
    starts: dict[str, tuple[str, Any]] = {
        "SubscriptionWorkflow": (f"subscription:{wanted.subscription_id}", Purchase(order=wanted, clock=AHEAD)),
        "BillingAccountWorkflow": (
            f"billing-account:{customer}",
            StartAccount(customer_id=customer, opened_at=wanted.at, clock=AHEAD),
        ),
        "OrderWorkflow": (f"order:{cart.order_id}", PlaceOrder(request=cart, clock=AHEAD)),
    }
    workflow_id, start = starts[kind]
    async with running_worker(client, settings) as world:
        handle = await client.start_workflow(kind, start, id=workflow_id, task_queue=settings.task_queue)
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert isinstance(failed.value.cause, ApplicationError)
        assert failed.value.cause.type == "ClocksRefused"
        assert failed.value.cause.message.startswith("Namespace 'shop' is not marked for tests, so it takes no test cl")
        assert (await handle.describe()).status is WorkflowExecutionStatus.FAILED
        assert await world.books.subscriptions.events(wanted.subscription_id) == []
        assert await world.books.orders.order(cart.order_id) is None
        with pytest.raises(CallError):
            await world.perennial.billing.show(customer)
        # Without a test clock the customer can buy, and gets an account: nothing was half done.
        real = wanted.model_copy(update={"subscription_id": f"{wanted.subscription_id}-real"})
        await world.server.subscriptions.buy(real)
        await world.server.subscriptions.settled(real.subscription_id)
        assert (await world.perennial.billing.show(customer)).details.customer_id == customer


async def test_a_task_queue_that_nobody_polls_is_named(unmarked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "ANSWER_TIMEOUT", timedelta(seconds=1))
    client = await connect_to(unmarked, namespace="shop")
    subscriptions, bought = Subscriptions(client, "mistyped", wall_clock), order()
    await subscriptions.buy(bought)
    with pytest.raises(NotAnswered) as unanswered:
        await subscriptions.details(bought.subscription_id)
    assert unanswered.value.message == (
        f"{bought.subscription_id}: no worker polls its task queue 'mistyped' in namespace 'shop' at {unmarked}."
    )
