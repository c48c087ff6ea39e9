"""Ports for what the use cases read and write about subscriptions. Adapters implement them."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from activities.billing.contracts import About, ListedSubscription, UsageImported
from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer
from domain.subscription.effects import AccessInterval
from domain.subscription.events import Event, Notification, State
from domain.subscription.ledger import LedgerRow
from domain.subscription.subscription import Subscription
from domain.subscription.usage import Usage
from statemachines.audit.subscription import Audited


class SubscriptionReader(Protocol):
    """Reads the journal, ledger and access of every subscription, ended or not."""

    async def about(self, subscription_id: str) -> About | None:
        """Return what never changes about the subscription; None if the books do not have it."""

    async def listed(self, subscription_id: str) -> ListedSubscription | None:
        """Return the subscription as lists show it; None if the books do not have it."""

    async def subscriptions(
        self,
        customer: str | None = None,
        offer: str | None = None,
        state: State | None = None,
        limit: int = ...,
        after: str | None = None,
    ) -> list[ListedSubscription]:
        """Return one page in the order of the ids; the next page starts after the id `after`."""

    async def latest(self, subscription_ids: Sequence[str]) -> dict[str, Subscription | None]:
        """Return those that the books have, each as its last event left it, without what can be refunded.

        None stands for one that cannot be read.
        """

    async def first_of(self, customer: str) -> ListedSubscription:
        """Return the subscription that the customer ordered first. There must be one."""

    async def test_clock_customers(self) -> list[str]:
        """Return the customers with a living subscription that has a test clock, in the order of their ids."""

    async def counts(self, customer: str | None = None, offer: str | None = None) -> dict[State, int]:
        """Return how many are in each state; a state that none is in is left out."""

    async def events(self, subscription_id: str) -> list[Event]:
        """Return the journal in order, each event as it was recorded."""

    async def rows(self, subscription_id: str) -> list[LedgerRow]:
        """Return the ledger in the order in which it was written."""

    async def access(self, subscription_id: str) -> list[AccessInterval]:
        """Return when users had access, by the instants that were decided, not confirmed."""

    async def notifications(self, subscription_id: str) -> list[Notification]:
        """Return the outbox in order."""

    async def unbilled_usage(self, subscription_id: str, since: datetime | None = None) -> Decimal:
        """Return the units used since the instant that are not in a charge yet (SUS-10)."""

    async def unbilled(self, subscription_ids: Sequence[str]) -> dict[str, tuple[Usage, ...]]:
        """Return what no charge has counted yet, of those of the subscriptions that have some (SUS-10)."""


class UsageBook(Protocol):
    """Usage that the subscription accepted, which is billed at the end of its period."""

    async def report_usage(self, subscription_id: str, command: ReportUsage, answer: Answer) -> Answer:
        """Record usage that the lifecycle accepted, once per usage id (MON-7).

        Refused with LIF-1 if the journal shows that usage is no longer accepted (SUS-10). Also raises
        BooksUnavailable while the journal is behind the state that accepted the usage.
        """

    async def report_usages(
        self, subscription_id: str, reports: Sequence[ReportUsage], answer: Answer
    ) -> UsageImported:
        """Record many reports, accepted as of one instant, in one transaction (MON-7).

        Raises BooksConflict if one repeats a usage id with different units; then none is recorded.
        """


class SubscriptionAuditor(Protocol):
    """Checks the books of subscriptions against the invariants."""

    async def page(self, limit: int = ..., after: str | None = None) -> list[Audited]:
        """Return the next subscriptions in the order of their ids, each read in one transaction."""

    async def one(self, subscription_id: str) -> Audited | None:
        """Return that subscription alone; None if the books do not have it."""
