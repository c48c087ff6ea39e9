"""A permanent error leaves its effect at the head, shows it, and waits for an operator: nothing is skipped."""

import asyncio

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.worker import Worker

from activities.accounts.contracts import OpenAccount
from activities.billing.activities import BillingActivities
from activities.billing.contracts import RecordInput
from activities.errors import BooksConflict, BooksUnavailable
from activities.provisioning.activities import ProvisioningActivities
from activities.provisioning.contracts import Confirmation, ProvisionInput
from domain.ordering.terms import Order
from domain.subscription.commands import ReportUsage, Suspend
from domain.subscription.decision import Answer, Outcome
from domain.subscription.effects import Receipt
from domain.subscription.holds import Reason
from hosting.assembly import World
from statemachines.preview.book import Book
from tests.support.live.purchases import order
from workflows.calls.errors import CallError, Rejected
from workflows.durable.operator import Operator
from workflows.guard.interceptor import GuardInterceptor
from workflows.subscription.client import Subscriptions
from workflows.subscription.workflow import SubscriptionWorkflow

pytestmark = pytest.mark.live
QUEUE = "attention"


class Moody:
    """Books and tenants whose next calls fail as told; records, from the event numbered `first` on."""

    def __init__(self, *failures: Exception, first: int = 1) -> None:
        self.failures = list(failures)
        self.first = first
        self.book = Book()
        self.attempts = 0

    async def record(self, entry: RecordInput) -> Receipt:
        self.attempts += 1
        if self.failures and entry.record.seq >= self.first:
            raise self.failures.pop(0)
        return self.book.record(entry.record)

    async def report_usage(self, subscription_id: str, command: ReportUsage, answer: Answer) -> Answer:
        return self.book.report_usage(command, answer)

    async def grant(self, change: ProvisionInput) -> Confirmation:
        self.book.provision(change.provision)
        return Confirmation(access=change.provision.access, confirmed_at=change.provision.at)

    revoke = purge = grant

    async def open(self, account: OpenAccount) -> None:
        """No account here."""

    async def note(self, change: ProvisionInput, confirmation: Confirmation) -> None:
        """Nothing to keep."""


def worker(world: World, moody: Moody) -> Worker:
    billing, provisioning = BillingActivities(moody, moody), ProvisioningActivities(moody, moody)
    return Worker(
        world.server.client,
        task_queue=QUEUE,
        workflows=[SubscriptionWorkflow],
        activities=[billing.record, provisioning.grant, provisioning.revoke, provisioning.purge],
        interceptors=[GuardInterceptor()],
    )


async def until(subscriptions: Subscriptions, wanted: Order, attention: bool) -> str | None:
    """Wait until the subscription needs attention, or no longer does."""
    for _ in range(200):
        found = (await subscriptions.details(wanted.subscription_id)).attention
        if bool(found) is attention:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to that")


async def test_a_permanent_error_waits_for_retry_effect(world: World) -> None:
    wanted, subscriptions = order(), Subscriptions(world.server.client, QUEUE)
    moody = Moody(BooksConflict("The key term-1 is in the books with other content."), first=2)
    async with worker(world, moody):
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
    async with worker(world, moody):
        await subscriptions.buy(wanted)
        await subscriptions.settled(wanted.subscription_id)
        assert moody.attempts == 3
        assert [event.event.value for event in moody.book.events] == ["purchased"]


async def test_what_the_books_hold_for_another_subscription_ends_in_one_line(world: World) -> None:
    """A life that is started again under an ended id must not run beside its own books."""
    wanted, subscriptions = order(), Subscriptions(world.server.client, QUEUE)
    moody = Moody(BooksConflict("Event 1 of it is already recorded with other content (MON-2)."))
    async with worker(world, moody):
        handle = await subscriptions.buy(wanted)
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    assert str(failed.value.cause) == "BooksConflict: Event 1 of it is already recorded with other content (MON-2)."
    assert moody.book.events == []
