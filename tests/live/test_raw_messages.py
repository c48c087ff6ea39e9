"""Whatever a bare client sends to any handler is answered in one line, and a good request still works at once."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.service import RetryConfig, RPCError

from domain.bulk.items import Item, ItemStatus
from domain.bulk.operations import BulkState, Operation
from domain.bulk.requests import BulkRequest, Selection, sent_by
from domain.bulk.totals import Totals
from domain.subscription.commands import ChangeQuantity
from domain.subscription.decision import Outcome
from hosting.assembly import World
from tests.support.live.payers import Payer, payment
from tests.support.live.purchases import order
from tests.support.live.raw_payloads import BAD_ARGUMENTS, TAKEN_BY_OPERATORS_UPDATES, as_json
from tests.support.shop.bulk import new_id
from workflows.account.messages import ACCOUNT_SIGNALS
from workflows.account.workflow import BillingAccountWorkflow
from workflows.bulk.workflow import BulkWorkflow
from workflows.calls.errors import Rejected
from workflows.durable.workflow_ids import (
    account_workflow_id,
    bulk_workflow_id,
    delivery_workflow_id,
    subscription_workflow_id,
)
from workflows.notifications.messages import Deliver, SkipNotification
from workflows.notifications.workflow import DeliveryWorkflow
from workflows.subscription.messages import SIGNALS
from workflows.subscription.workflow import SubscriptionWorkflow

AT_ONCE = 8
GOOD_WITHIN = 5
"""Seconds in which a good request is answered after all that."""
FLOOD = 300
LARGE = 100_000
"""Bytes from which on an argument goes to one handler of each kind only: the server takes few of them at a time."""
ARGUMENTS = [*BAD_ARGUMENTS, ("4 MB", [as_json({"by": "x" * 4_000_000})])]

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]


@dataclass(frozen=True)
class Victim:
    """A workflow that runs, and a good request of it that raises unless it is answered well.

    `ends` is the update that would end it: it is not sent what it rightly takes.
    """

    cls: type
    workflow_id: str
    signals: tuple[str, ...]
    good: Callable[[], Awaitable[None]]
    ends: str | None = None


async def a_subscription(world: World) -> Victim:
    """An active one."""
    customer = Payer(world)
    bought = await customer.buy()

    async def good() -> None:
        more = (await world.server.subscriptions.details(bought)).quantity + 1
        answer = await world.server.subscriptions.ask(bought, ChangeQuantity(by="admin_agent", quantity=more))
        assert answer.outcome is Outcome.DONE

    return Victim(SubscriptionWorkflow, subscription_workflow_id(bought), tuple(SIGNALS), good)


async def an_account(world: World) -> Victim:
    """One without invoices."""
    customer = Payer(world)
    await customer.open()
    numbers = itertools.count()

    async def good() -> None:
        paid = payment(f"p-{next(numbers)}", "1.00")
        answer = await world.server.accounts.ask(customer.id, paid)
        assert answer.outcome is Outcome.DONE

    return Victim(BillingAccountWorkflow, account_workflow_id(customer.id), tuple(ACCOUNT_SIGNALS), good)


async def a_delivery(world: World) -> Victim:
    """One whose publisher nobody serves."""
    left = Deliver(subscription_id=order().subscription_id, publisher="nobody", last=5)
    workflow_id = delivery_workflow_id(left.subscription_id)
    await world.server.client.start_workflow(DeliveryWorkflow.run, left, id=workflow_id, task_queue="perennial")

    async def good() -> None:
        with pytest.raises(Rejected, match="No event is undeliverable"):
            await world.server.notifications.skip(left.subscription_id, SkipNotification(by="operator", sequence=1))

    return Victim(DeliveryWorkflow, workflow_id, (), good)


async def a_bulk(world: World) -> Victim:
    """An operation that has paused, since nobody has bought what it is about."""
    bulk_id, ask = new_id(), ChangeQuantity(by="admin_agent", quantity=2)
    items = [Item(position=1, subject="nobody", status=ItemStatus.WAITING, ask=sent_by(ask, bulk_id))]
    request = BulkRequest(ask=ask, selection=Selection())
    now = world.perennial.sources.now()
    operation = Operation(bulk_id=bulk_id, request=request, started_at=now, shown=Totals.of(items), per_second=50)
    await world.books.bulks.begin(operation, items)
    await world.perennial.bulk.start_again(operation)
    assert (await world.server.bulks.settled(bulk_id)).state is BulkState.PAUSED

    async def good() -> None:
        assert "per second" in await world.perennial.bulk.set_rate(bulk_id, "operator", 20)

    return Victim(BulkWorkflow, bulk_workflow_id(bulk_id), (), good, ends="stop")


def attacks(victim: Victim, handle: WorkflowHandle[Any, Any]) -> Iterator[tuple[str, Coroutine[Any, Any, object]]]:
    """Every argument to every handler, and to some that do not exist."""
    definition = workflow._Definition.must_from_class(victim.cls)
    updates = [*filter(None, definition.updates), "no_such_update"]
    queries = [*filter(None, definition.queries), "no_such_query", "__temporal_workflow_metadata", "__stack_trace"]
    signals = [*victim.signals, "no_such_signal", "__temporal_signal", ""]
    for words, args in ARGUMENTS:
        some = slice(1 if sum(len(arg.payload.data) for arg in args) > LARGE else None)
        for name in updates[some]:
            if name == victim.ends and words == TAKEN_BY_OPERATORS_UPDATES:
                continue
            yield f"update {name} with {words}", handle.execute_update(name, args=args, result_type=RawValue)
        for name in queries[some]:
            yield f"query {name} with {words}", handle.query(name, args=args, result_type=RawValue)
        for name in signals[some]:
            yield f"signal {name} with {words}", handle.signal(name, args=args)


async def answer_of(attack: Coroutine[Any, Any, object]) -> str:
    """Empty if it was answered or refused in one line, and otherwise what happened."""
    try:
        async with asyncio.timeout(30):
            await attack
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        one_line = isinstance(cause, ApplicationError) and "\n" not in cause.message
        return "" if one_line else f"failed by {cause!r}"
    except WorkflowQueryFailedError as error:
        return "" if "\n" not in str(error) else f"failed by {error}"
    except RPCError:
        return ""  # the server itself refused it, for its size
    except TimeoutError:
        return "never answered"
    return ""


@pytest.mark.parametrize("choose", [a_subscription, an_account, a_delivery, a_bulk])
async def test_nothing_that_a_bare_client_sends_blocks_a_workflow(
    world: World, choose: Callable[[World], Awaitable[Victim]]
) -> None:
    victim = await choose(world)
    # The first answer counts: by default the SDK asks again for a quarter of a minute what is too large.
    target = world.server.client.service_client.config.target_host
    client = await Client.connect(target, retry_config=RetryConfig(max_retries=0))
    handle = client.get_workflow_handle(victim.workflow_id)
    wrong: dict[str, str] = {}
    turns = asyncio.Semaphore(AT_ONCE)

    async def send(name: str, attack: Coroutine[Any, Any, object]) -> None:
        async with turns:
            if said := await answer_of(attack):
                wrong[name] = said

    await asyncio.gather(*(send(name, attack) for name, attack in attacks(victim, handle)))
    assert wrong == {}
    async with asyncio.timeout(GOOD_WITHIN):
        await victim.good()
    await asyncio.gather(*(handle.signal("no_such_signal", "x" * 4_000) for _ in range(FLOOD)))
    async with asyncio.timeout(GOOD_WITHIN):
        await victim.good()
    async for event in handle.fetch_history_events():
        cause = event.workflow_task_failed_event_attributes.cause
        assert cause != WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE, event
