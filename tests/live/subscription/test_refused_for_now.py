"""What would pile up is refused for now, and an operator gets in when the server refuses all updates."""

import asyncio
from pathlib import Path

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.errors import BooksConflict, BooksUnavailable
from domain.subscription.commands import ChangeQuantity
from domain.subscription.decision import Answer, Outcome
from hosting.assembly import World, prepare_namespace, running_worker
from hosting.embedded import command as server_command
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from tests.support.live.moody import QUEUE, Moody, moody_worker, until
from tests.support.live.purchases import order, settings_in
from workflows.calls.errors import Rejected
from workflows.durable import options
from workflows.durable.operator import Operator
from workflows.subscription.client import Subscriptions
from workflows.subscription.messages import Migration

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]
CLIENTS = 8
MOST_UPDATES = 12
"""Of a server that allows a run few updates, and does not suggest a new one."""


def more(number: int) -> ChangeQuantity:
    return ChangeQuantity(by="admin_agent", quantity=100 + number, command_id=f"more-{number}")


async def test_commands_are_refused_while_the_books_are_away_and_taken_when_they_are_back(world: World) -> None:
    wanted, subscriptions = order(), Subscriptions(world.server.client, QUEUE)
    moody = Moody(*[BooksUnavailable("The database is away.")] * 1000, first=2)
    async with moody_worker(world, moody):
        handle = await subscriptions.buy(wanted)
        refused: BaseException | None = None
        taken = 0
        while refused is None and taken < 2 * options.MOST_EFFECTS:
            try:
                await handle.execute_update("change_quantity", more(taken), result_type=Answer)
                taken += 1
            except WorkflowUpdateFailedError as error:
                refused = error.cause
        assert isinstance(refused, ApplicationError)
        assert (refused.type, refused.next_retry_delay) == (options.BUSY, options.BUSY_WAIT)
        assert len((await subscriptions.life(wanted.subscription_id)).effects) == options.MOST_EFFECTS

        asked = [
            asyncio.create_task(subscriptions.ask(wanted.subscription_id, more(taken + number), wait=False))
            for number in range(CLIENTS)
        ]
        await asyncio.sleep(options.BUSY_WAIT.total_seconds())
        assert not any(ask.done() for ask in asked)
        moody.failures.clear()
        assert {answer.outcome for answer in await asyncio.gather(*asked)} == {Outcome.DONE}
        await subscriptions.settled(wanted.subscription_id)
    named = [event.command_id or "" for event in moody.book.events[1:]]
    assert named[:taken] == [f"more-{number}" for number in range(taken)]
    assert sorted(named[taken:]) == sorted(f"more-{taken + number}" for number in range(CLIENTS))


async def test_what_piles_up_behind_an_effect_that_waits_for_an_operator_is_bounded(world: World) -> None:
    """Also over a hand-over, which tries the effect once more."""
    wanted, subscriptions = order(), Subscriptions(world.server.client, QUEUE)
    conflict = BooksConflict("The key term-1 is in the books with other content.")
    moody = Moody(conflict, conflict, first=2)
    taken = 0
    async with moody_worker(world, moody):
        handle = await subscriptions.buy(wanted)
        refused: Rejected | None = None
        while refused is None and taken < 2 * options.MOST_EFFECTS:
            try:
                await subscriptions.ask(wanted.subscription_id, more(taken), wait=False)
                taken += 1
            except Rejected as error:
                refused = error
        assert refused is not None
        assert (refused.kind, "see what needs attention" in str(refused)) == ("Unsettled", True)
        repeated = await subscriptions.ask(wanted.subscription_id, more(taken - 1), wait=False)
        assert repeated.outcome is Outcome.DONE
        assert await until(subscriptions, wanted, attention=True)
        assert (await handle.describe()).history_length < 5_000

        first_run = (await handle.describe()).run_id
        await subscriptions.operate(wanted.subscription_id, "migrate", Migration(by="global_admin"))
        assert await until(subscriptions, wanted, attention=True)
        assert (await subscriptions.handle(wanted.subscription_id).describe()).run_id != first_run
        await subscriptions.operate(wanted.subscription_id, "retry_effect", Operator(by="global_admin"))
        await subscriptions.settled(wanted.subscription_id)
    assert [event.command_id for event in moody.book.events[1:]] == [f"more-{number}" for number in range(taken)]


async def test_a_signal_gets_in_when_all_updates_are_used_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {
        "history.maxTotalUpdates": str(MOST_UPDATES),
        "history.maxTotalUpdates.suggestContinueAsNewThreshold": "2.0",
    }
    monkeypatch.setattr(server_command, "DYNAMIC_CONFIG", {**server_command.DYNAMIC_CONFIG, **limits})
    async with EmbeddedServer(tmp_path) as server:
        client = await connect_to(server.address)
        await prepare_namespace(client)
        async with running_worker(client, settings_in(tmp_path)) as world:
            wanted, subscriptions = order(), world.server.subscriptions
            handle = await subscriptions.buy(wanted)
            for number in range(MOST_UPDATES):
                await subscriptions.ask(wanted.subscription_id, more(number), wait=False)
            for update, request in (("change_quantity", more(MOST_UPDATES)), ("migrate", Migration(by="operator"))):
                with pytest.raises(RPCError, match="limit on the total number of distinct updates"):
                    await handle.execute_update(update, request)
            asked = asyncio.create_task(subscriptions.ask(wanted.subscription_id, more(MOST_UPDATES)))
            await handle.signal("new_run_requested", Operator(by="operator", note="all updates are used up"))
            assert (await asked).outcome is Outcome.DONE
            events = await world.books.subscriptions.events(wanted.subscription_id)
            assert [event.command_id for event in events[1:]] == [f"more-{n}" for n in range(MOST_UPDATES + 1)]
