"""A permanent error leaves its effect at the head, shows it, and waits for an operator: nothing is skipped."""

import pytest
from temporalio.client import WorkflowFailureError

from activities.errors import BooksConflict, BooksUnavailable
from domain.subscription.commands import Suspend
from domain.subscription.decision import Outcome
from domain.subscription.holds import Reason
from hosting.assembly import World
from tests.support.live.moody import QUEUE, Moody, moody_worker, until
from tests.support.live.purchases import order
from workflows.calls.errors import CallError, Rejected
from workflows.durable.operator import Operator
from workflows.subscription.client import Subscriptions

pytestmark = pytest.mark.live


async def test_a_permanent_error_waits_for_retry_effect(world: World) -> None:
    wanted, subscriptions = order(), Subscriptions(world.server.client, QUEUE)
    moody = Moody(BooksConflict("The key term-1 is in the books with other content."), first=2)
    async with moody_worker(world, moody):
        await subscriptions.buy(wanted)
        hold = Suspend(by="service", reason=Reason.NONPAYMENT)
        await subscriptions.ask(wanted.subscription_id, hold, wait=False)
        shown = await until(subscriptions, wanted, attention=True)
        assert shown == "record: The key term-1 is in the books with other content."
        described = await subscriptions.handle(wanted.subscription_id).describe()
        assert any(pair.key.name == "Attention" and pair.value == shown for pair in described.typed_search_attributes)
        assert [event.event.value for event in moody.book.events] == ["purchased"]

        # Decisions go on meanwhile; what they do waits in its order behind the effect that failed.
        suspend = Suspend(by="service", reason=Reason.FRAUD, command_id="fraud-1")
        answer = await subscriptions.ask(wanted.subscription_id, suspend, wait=False)
        assert answer.outcome is Outcome.DONE
        with pytest.raises(CallError, match="needs attention: record"):
            await subscriptions.committed(wanted.subscription_id, answer.seq)

        words = await subscriptions.operate(wanted.subscription_id, "retry_effect", Operator(by="global_admin"))
        assert words.startswith("Trying again: record")
        await subscriptions.settled(wanted.subscription_id)
        assert [event.event.value for event in moody.book.events] == ["purchased", "suspended", "suspended"]
        assert (await subscriptions.details(wanted.subscription_id)).attention is None
        with pytest.raises(Rejected, match="Nothing needs attention"):
            await subscriptions.operate(wanted.subscription_id, "retry_effect", Operator(by="global_admin"))


async def test_transient_trouble_is_retried_and_never_shown_as_attention(world: World) -> None:
    wanted, subscriptions = order(), Subscriptions(world.server.client, QUEUE)
    moody = Moody(BooksUnavailable("The database is locked."), BooksUnavailable("The database is locked."))
    async with moody_worker(world, moody):
        await subscriptions.buy(wanted)
        await subscriptions.settled(wanted.subscription_id)
        assert moody.attempts == 3
        assert [event.event.value for event in moody.book.events] == ["purchased"]


async def test_what_the_books_hold_for_another_subscription_ends_in_one_line(world: World) -> None:
    """A life that is started again under an ended id must not run beside its own books."""
    wanted, subscriptions = order(), Subscriptions(world.server.client, QUEUE)
    moody = Moody(BooksConflict("Event 1 of it is already recorded with other content (MON-2)."))
    async with moody_worker(world, moody):
        handle = await subscriptions.buy(wanted)
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    assert str(failed.value.cause) == "BooksConflict: Event 1 of it is already recorded with other content (MON-2)."
    assert moody.book.events == []
