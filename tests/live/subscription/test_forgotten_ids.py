"""Invariant 10 for ever: a command id that the subscription has forgotten gets its first answer from the books."""

import asyncio
from uuid import uuid4

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.adapters.sql.subscription import answers as first_answers
from activities.errors import BooksUnavailable
from domain.subscription.commands import ChangeQuantity, Suspend
from domain.subscription.decision import Answer, Outcome
from domain.subscription.events import State
from domain.subscription.holds import Reason
from hosting.assembly import World
from tests.support.live.purchases import Buy
from workflows.subscription.messages import Migration

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last two answers and the digests of the two ids before them."""
    monkeypatch.setattr("domain.subscription.first_answers.ANSWERS_KEPT", 2)
    monkeypatch.setattr("domain.subscription.first_answers.DIGESTS_KEPT", 2)


def more(quantity: int, command_id: str) -> ChangeQuantity:
    return ChangeQuantity(by="admin_agent", quantity=quantity, command_id=command_id)


def unavailable(*_: object) -> None:
    raise BooksUnavailable("The database is away.")


async def ask(world: World, subscription_id: str, command: ChangeQuantity) -> Answer:
    """As an update of its own: under one update id the server itself would answer a repeat in the same run."""
    handle = world.server.subscriptions.handle(subscription_id)
    answer: Answer = await handle.execute_update("change_quantity", command, id=f"u-{uuid4()}", result_type=Answer)
    return answer


async def refused(world: World, subscription_id: str, command: ChangeQuantity) -> ApplicationError:
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await ask(world, subscription_id, command)
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause


async def new_run(world: World, subscription_id: str, run: str | None) -> None:
    """Wait for the run after that one."""
    async with asyncio.timeout(30):
        while (await world.server.subscriptions.handle(subscription_id).describe()).run_id == run:
            await asyncio.sleep(0.05)


async def quantities(world: World, subscription_id: str) -> list[int]:
    events = await world.books.subscriptions.events(subscription_id)
    return [event.after.quantity for event in events if event.event == "quantity_changed"]


async def test_every_repeat_gets_the_first_answer_and_changes_nothing(world: World, buy: Buy) -> None:
    """By update, with other arguments, by signal, and in a later run."""
    bought = await buy()
    answers = [await ask(world, bought.id, more(number, f"c-{number}")) for number in range(4, 12)]
    await world.server.subscriptions.settled(bought.id)
    for number, first in enumerate(answers, start=4):
        assert await ask(world, bought.id, more(number, f"c-{number}")) == first
    reused = await refused(world, bought.id, more(99, "c-4"))
    assert (reused.type, reused.message) == (
        "CommandIdReused",
        "command_id c-4 was used for another command; use a new id.",
    )
    handle = world.server.subscriptions.handle(bought.id)
    run = (await handle.describe()).run_id
    await world.server.subscriptions.operate(bought.id, "migrate", Migration(by="global_admin"))
    await new_run(world, bought.id, run)
    assert await world.server.subscriptions.ask(bought.id, more(5, "c-5")) == answers[1]
    held = Suspend(by="admin_agent", reason=Reason.CUSTOMER_REQUEST, command_id="c-6")
    await handle.signal("suspension_requested", held)
    async with asyncio.timeout(30):
        while not (await world.server.subscriptions.life(bought.id)).refused_signal_count:
            await asyncio.sleep(0.05)
    (noted,) = (await world.server.subscriptions.life(bought.id)).refused_signals
    assert noted.message == "command_id c-6 was used for another command; use a new id."
    await handle.signal("suspension_requested", held.model_copy(update={"command_id": "held"}))
    async with asyncio.timeout(30):
        while (await world.server.subscriptions.details(bought.id)).state is not State.SUSPENDED:
            await asyncio.sleep(0.05)
    await world.server.subscriptions.settled(bought.id)
    assert await quantities(world, bought.id) == list(range(4, 12))


async def test_a_new_id_is_decided_and_one_that_changed_nothing_is_refused(world: World, buy: Buy) -> None:
    """Of refused and unchanged commands no answer is kept for ever: their ids stay known by the digests alone."""
    bought = await buy()
    assert (await ask(world, bought.id, more(3, "same"))).outcome is Outcome.UNCHANGED
    for number in range(4, 7):
        assert (await ask(world, bought.id, more(number, f"c-{number}"))).outcome is Outcome.DONE
    forgotten = await refused(world, bought.id, more(3, "same"))
    assert (forgotten.type, forgotten.non_retryable) == ("CommandIdForgotten", True)
    assert forgotten.message.startswith("command_id same was used before, and its answer is not kept any more")
    for number in range(7, 12):
        assert (await ask(world, bought.id, more(number, f"c-{number}"))).outcome is Outcome.DONE
    await world.server.subscriptions.settled(bought.id)
    assert await quantities(world, bought.id) == list(range(4, 12))


async def test_a_repeat_waits_for_the_books_and_so_does_the_next_run(
    world: World, buy: Buy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database is away nothing is applied twice, and the update is answered before the run ends."""
    bought = await buy()
    answers = [await ask(world, bought.id, more(number, f"c-{number}")) for number in range(4, 10)]
    await world.server.subscriptions.settled(bought.id)
    handle = world.server.subscriptions.handle(bought.id)
    run = (await handle.describe()).run_id
    with monkeypatch.context() as away:
        away.setattr(first_answers, "first", unavailable)
        repeats = [asyncio.create_task(ask(world, bought.id, more(number, f"c-{number}"))) for number in (4, 5)]
        await asyncio.sleep(1)
        await handle.execute_update("migrate", Migration(by="global_admin"))
        await asyncio.sleep(1)
        assert (await handle.describe()).run_id == run
        assert not any(repeat.done() for repeat in repeats)
    assert await asyncio.gather(*repeats) == answers[:2]
    await new_run(world, bought.id, run)
    assert await quantities(world, bought.id) == list(range(4, 10))


async def test_a_crowd_whose_commands_all_wait_for_the_books_keeps_no_run_alive(world: World, buy: Buy) -> None:
    """Every command has to be looked up; the next run comes all the same, and none is lost or applied twice."""
    bought = await buy()
    for number in range(4, 10):
        await ask(world, bought.id, more(number, f"c-{number}"))
    handle = world.server.subscriptions.handle(bought.id)
    run, over, done = (await handle.describe()).run_id, asyncio.Event(), []

    async def client(name: int) -> None:
        number = 0
        while not over.is_set():
            number += 1
            command = more(100 * name + number % 2 + 10, f"k-{name}-{number}")
            while True:
                try:
                    done.append((command.command_id, await ask(world, bought.id, command)))
                    break
                except WorkflowUpdateFailedError as error:
                    if getattr(error.cause, "type", None) != "Busy":
                        raise
                    await asyncio.sleep(0.1)

    async with asyncio.TaskGroup() as clients:
        for name in range(1, 9):
            clients.create_task(client(name))
        await asyncio.sleep(1)
        await handle.execute_update("migrate", Migration(by="global_admin"))
        await new_run(world, bought.id, run)
        over.set()
    await world.server.subscriptions.settled(bought.id)
    events = await world.books.subscriptions.events(bought.id)
    applied = [event.command_id for event in events if event.command_id and event.command_id.startswith("k-")]
    assert len(applied) == len(set(applied))
    assert set(applied) == {name for name, answer in done if answer.outcome is Outcome.DONE}
