"""Books and tenants that fail as told, a worker on them, and the wait for what it shows."""

import asyncio
from datetime import datetime

from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.accounts.contracts import OpenAccount
from activities.billing.activities import BillingActivities
from activities.billing.contracts import CountInput, KeepInput, RecordInput
from activities.heartbeats import Heartbeats
from activities.provisioning.activities import ProvisioningActivities
from activities.provisioning.contracts import Confirmation, ProvisionInput
from domain.ordering.terms import Order
from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer
from domain.subscription.effects import Counted, Receipt
from hosting.assembly import World
from statemachines.preview.book import Book
from workflows.guard.interceptor import GuardInterceptor
from workflows.subscription.client import Subscriptions
from workflows.subscription.workflow import SubscriptionWorkflow

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

    async def keep(self, entry: KeepInput) -> None:
        """Nothing to rebuild."""

    async def report_usage(self, subscription_id: str, command: ReportUsage, answer: Answer) -> Answer:
        return self.book.report_usage(command, answer)

    async def count_usage(self, entry: CountInput) -> Counted:
        return self.book.count_usage(entry.count)

    async def grant(self, change: ProvisionInput) -> Confirmation:
        self.book.provision(change.provision)
        return Confirmation(access=change.provision.access, confirmed_at=change.provision.at)

    revoke = purge = grant

    async def open(self, account: OpenAccount) -> None:
        """No account here."""

    async def tell_of_rows(self, customer_id: str, at: datetime) -> None:
        """No account here."""

    async def overdue(self, customer_id: str) -> bool:
        return False

    async def note(self, change: ProvisionInput, confirmation: Confirmation) -> None:
        """Nothing to keep."""


def moody_worker(world: World, moody: Moody, *, activities_at_once: int | None = None) -> Worker:
    """A worker on the world's server with these books and tenants."""
    billing, provisioning = BillingActivities(moody, moody, moody), ProvisioningActivities(moody, moody)
    return Worker(
        world.server.client,
        task_queue=QUEUE,
        workflows=[SubscriptionWorkflow],
        activities=[
            billing.record,
            billing.keep,
            billing.count_usage,
            provisioning.grant,
            provisioning.revoke,
            provisioning.purge,
        ],
        interceptors=[GuardInterceptor(), Heartbeats()],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_concurrent_activities=activities_at_once,
    )


async def until(subscriptions: Subscriptions, wanted: Order, attention: bool) -> str | None:
    """Wait until the subscription needs attention, or no longer does."""
    for _ in range(200):
        found = (await subscriptions.details(wanted.subscription_id)).attention
        if bool(found) is attention:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to that")
