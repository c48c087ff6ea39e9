"""Invariant 10: an acknowledged command is applied exactly once, also while runs are handed over under load."""

import asyncio
from datetime import timedelta

import pytest

from domain.subscription import first_answers
from domain.subscription.commands import ChangeQuantity
from domain.subscription.decision import Answer, Outcome
from hosting.assembly import World
from tests.support.live.purchases import Buy
from workflows.durable import options
from workflows.subscription.messages import Migration

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]
COMMANDS = 60
HANDOVERS = 6
AT_ONCE = 8


async def test_no_update_is_lost_or_doubled(world: World, buy: Buy) -> None:
    bought = await buy()
    handle = world.server.subscriptions.handle(bought.id)
    first_run = (await handle.describe()).run_id
    room = asyncio.Semaphore(AT_ONCE)

    async def ask(number: int) -> Answer:
        command = ChangeQuantity(by="admin_agent", quantity=100 + number, command_id=f"change-{number}")
        async with room:
            return await world.server.subscriptions.ask(bought.id, command, wait=False)

    async def hand_over() -> None:
        for _ in range(HANDOVERS):
            await world.server.subscriptions.operate(bought.id, "migrate", Migration(by="system"))
            await asyncio.sleep(0.3)

    answers, _ = await asyncio.gather(asyncio.gather(*(ask(n) for n in range(COMMANDS))), hand_over())
    await world.server.subscriptions.settled(bought.id)
    assert (await handle.describe()).run_id != first_run
    assert {answer.outcome for answer in answers} == {Outcome.DONE}
    events = await world.books.subscriptions.events(bought.id)
    assert [event.seq for event in events] == list(range(1, COMMANDS + 2))
    assert sorted(answer.seq for answer in answers) == list(range(2, COMMANDS + 2))
    by_seq = {event.seq: event for event in events}
    for number, answer in enumerate(answers):
        assert by_seq[answer.seq].command_id == f"change-{number}"
        assert by_seq[answer.seq].after.quantity == 100 + number

    # The first answers still hold in the run that came last; the oldest of more than fifty are forgotten.
    again = await asyncio.gather(*(ask(n) for n in range(COMMANDS) if answers[n].seq > COMMANDS - 40))
    assert {answer.seq for answer in again} <= {answer.seq for answer in answers}
    assert len(await world.books.subscriptions.events(bought.id)) == COMMANDS + 1


async def test_a_run_that_commands_have_made_long_sleeps_on_in_a_short_one(
    world: World, buy: Buy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day after they came: the ids of commands stay known, their first answers are in the books."""
    # Longer than a busy machine needs between two of the commands.
    monkeypatch.setattr(options, "QUIET", timedelta(seconds=4))
    monkeypatch.setattr(first_answers, "REPEATED_WITHIN", timedelta(0))
    bought = await buy()
    subscriptions = world.server.subscriptions
    handle, first_run = subscriptions.handle(bought.id), (await subscriptions.handle(bought.id).describe()).run_id

    async def ask(number: int) -> Answer:
        command = ChangeQuantity(by="admin_agent", quantity=100 + number, command_id=f"change-{number}")
        return await subscriptions.ask(bought.id, command)

    answers = [await ask(number) for number in range(6)]
    async with asyncio.timeout(30):
        while (seen := await handle.describe()).run_id == first_run or not seen.history_length > 4:
            await asyncio.sleep(0.1)
    parked = await handle.fetch_history()
    assert sum(event.ByteSize() for event in parked.events) < options.LONGEST_PARKED / 2
    life = await subscriptions.life(bought.id)
    assert (life.answered, life.seq, life.committed) == ((), 7, 7)
    assert [await ask(number) for number in (0, 5)] == [answers[0], answers[5]]
    assert len(await world.books.subscriptions.events(bought.id)) == 7
