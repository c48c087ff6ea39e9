"""Callers who wait for the books are answered by the workflow, whatever happens to its run meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle

from activities.billing.contracts import RecordInput
from activities.errors import BooksConflict
from domain.ordering.terms import Order
from domain.subscription.commands import Cancel, ChangeQuantity
from domain.subscription.decision import Answer, Outcome
from domain.subscription.effects import Receipt
from domain.subscription.holds import Reason
from hosting.assembly import World
from tests.support.live.moody import QUEUE, Moody, moody_worker
from tests.support.live.purchases import order
from workflows.calls.errors import AlreadyEnded, NeedsAttention, Rejected
from workflows.durable import options
from workflows.subscription.client import Subscriptions
from workflows.subscription.messages import Migration

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


class Gated(Moody):
    """Books that write nothing after the purchase while the gate is shut."""

    def __init__(self) -> None:
        super().__init__(first=2)
        self.gate = asyncio.Event()

    async def record(self, entry: RecordInput) -> Receipt:
        if entry.record.seq >= self.first:
            await self.gate.wait()
        return await super().record(entry)


def more(quantity: int = 7) -> ChangeQuantity:
    return ChangeQuantity(by="admin_agent", quantity=quantity, command_id=f"more-{quantity}")


async def waits_in(handle: WorkflowHandle[Any, Any]) -> int:
    """How many waits the current run has accepted."""
    events = [event async for event in handle.fetch_history_events()]
    accepted = [event.workflow_execution_update_accepted_event_attributes.accepted_request for event in events]
    return sum(request.input.name == "committed" for request in accepted)


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await look():
            await asyncio.sleep(0.05)


@pytest.fixture
def gated() -> Gated:
    return Gated()


@pytest.fixture
def subscriptions(world: World, monkeypatch: pytest.MonkeyPatch) -> Subscriptions:
    monkeypatch.setattr(options, "HAND_OVER_PATIENCE", timedelta(milliseconds=100))
    return Subscriptions(world.server.client, QUEUE)


@asynccontextmanager
async def begun(
    world: World, subscriptions: Subscriptions, gated: Gated
) -> AsyncIterator[tuple[Order, WorkflowHandle[Any, Any]]]:
    """A subscription that is bought, with a worker on the gated books."""
    wanted = order()
    async with moody_worker(world, gated):
        yield wanted, await subscriptions.buy(wanted)


async def waiting(
    subscriptions: Subscriptions, handle: WorkflowHandle[Any, Any], subscription_id: str
) -> "asyncio.Task[Answer]":
    """A command whose caller waits in the workflow."""
    asked = asyncio.create_task(subscriptions.ask(subscription_id, more()))

    async def waits() -> bool:
        return await waits_in(handle) == 1

    await until(waits)
    assert not asked.done()
    return asked


async def test_nobody_looks_while_the_workflow_can_say(
    world: World, subscriptions: Subscriptions, gated: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Subscriptions, "details")
    async with begun(world, subscriptions, gated) as (wanted, handle):
        asked = await waiting(subscriptions, handle, wanted.subscription_id)
        gated.gate.set()
        assert (await asked).outcome is Outcome.DONE
    assert [event.command_id for event in gated.book.events] == [None, "more-7"]


async def test_a_wait_holds_up_no_new_run_and_goes_on_in_it(
    world: World, subscriptions: Subscriptions, gated: Gated
) -> None:
    async with begun(world, subscriptions, gated) as (wanted, handle):
        asked = await waiting(subscriptions, handle, wanted.subscription_id)
        first_run = (await handle.describe()).run_id
        await subscriptions.operate(wanted.subscription_id, "migrate", Migration(by="global_admin"))

        async def in_another_run() -> bool:
            return (await handle.describe()).run_id != first_run and await waits_in(handle) == 1

        await until(in_another_run)
        assert not asked.done()
        gated.gate.set()
        assert (await asked).outcome is Outcome.DONE


async def test_few_wait_in_the_workflow_so_that_others_get_in(
    world: World, subscriptions: Subscriptions, gated: Gated
) -> None:
    """The server refuses an eleventh update: without a bound, callers who wait would shut out an operator."""
    async with begun(world, subscriptions, gated) as (wanted, handle):
        seq = (await subscriptions.ask(wanted.subscription_id, more(), wait=False)).seq
        callers = [asyncio.create_task(subscriptions.committed(wanted.subscription_id, seq)) for _ in range(20)]

        async def full() -> bool:
            return await waits_in(handle) >= options.MOST_WAITS

        await until(full)
        again = await subscriptions.ask(wanted.subscription_id, more(8), wait=False)
        assert again.outcome is Outcome.DONE
        assert await waits_in(handle) == options.MOST_WAITS
        assert not any(caller.done() for caller in callers)
        gated.gate.set()
        await asyncio.gather(*callers)


async def test_a_wait_that_only_an_operator_can_end_says_so(
    world: World, subscriptions: Subscriptions, gated: Gated
) -> None:
    async with begun(world, subscriptions, gated) as (wanted, handle):
        asked = await waiting(subscriptions, handle, wanted.subscription_id)
        gated.failures.append(BooksConflict("The key term-1 is in the books with other content."))
        gated.gate.set()
        with pytest.raises(NeedsAttention, match="needs attention: record: The key term-1 is in the books"):
            await asked


async def test_a_wait_survives_its_worker(world: World, subscriptions: Subscriptions, gated: Gated) -> None:
    async with begun(world, subscriptions, gated) as (wanted, handle):
        asked = await waiting(subscriptions, handle, wanted.subscription_id)
    gated.gate.set()
    async with moody_worker(world, gated):
        assert (await asked).outcome is Outcome.DONE


async def test_nobody_waits_for_an_event_that_does_not_exist(
    world: World, subscriptions: Subscriptions, gated: Gated
) -> None:
    async with begun(world, subscriptions, gated) as (wanted, handle):
        with pytest.raises(Rejected, match="event 2 does not exist, or not any more: the last one is 1"):
            await subscriptions.committed(wanted.subscription_id, 2)
        assert await waits_in(handle) == 0


async def test_what_a_subscription_ends_with_is_waited_for_too(
    world: World, subscriptions: Subscriptions, gated: Gated
) -> None:
    gated.gate.set()
    async with begun(world, subscriptions, gated) as (wanted, handle):
        answer = await subscriptions.ask(
            wanted.subscription_id, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST)
        )
        await handle.result()
        await subscriptions.committed(wanted.subscription_id, answer.seq)
        with pytest.raises(AlreadyEnded):
            await subscriptions.committed(wanted.subscription_id, answer.seq + 1)
