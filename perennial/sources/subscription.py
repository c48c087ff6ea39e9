"""What the use cases read and write of subscriptions. Adapters implement it."""

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
from statemachines.audit.subscription import Audited


class SubscriptionReader(Protocol):
    """Journal, ledger and access of every subscription, ended or not."""

    async def about(self, subscription_id: str) -> About | None:
        """What never changes of it; None where the books do not know it."""
        ...

    async def listed(self, subscription_id: str) -> ListedSubscription | None:
        """It as lists show it; None where the books do not know it."""
        ...

    async def subscriptions(
        self,
        customer: str | None = None,
        offer: str | None = None,
        state: State | None = None,
        limit: int = ...,
        after: str | None = None,
    ) -> list[ListedSubscription]:
        """One page in the order of their ids, with the filters that are given; the next begins `after` its last id."""
        ...

    async def first_of(self, customer: str) -> ListedSubscription:
        """The customer's first subscription, by the instant of its order. There must be one."""
        ...

    async def counts(self, customer: str | None = None, offer: str | None = None) -> dict[State, int]:
        """How many are in each state, with the filters that are given; a state that none is in is left out."""
        ...

    async def events(self, subscription_id: str) -> list[Event]:
        """The journal in order, each event as it was recorded."""
        ...

    async def rows(self, subscription_id: str) -> list[LedgerRow]:
        """The ledger in the order in which it was written."""
        ...

    async def access(self, subscription_id: str) -> list[AccessInterval]:
        """When users had access, by the instants that were decided, not by those of the confirmations."""
        ...

    async def notifications(self, subscription_id: str) -> list[Notification]:
        """The outbox in order."""
        ...

    async def unbilled_usage(self, subscription_id: str, since: datetime | None = None) -> Decimal:
        """The units that no charge has counted yet, used from that instant on (SUS-10)."""
        ...


class UsageBook(Protocol):
    """Usage that the subscription accepted, which is billed at the end of its period."""

    async def report_usage(self, subscription_id: str, command: ReportUsage, answer: Answer) -> Answer:
        """Record usage that the lifecycle accepted, once per usage id (MON-7).

        Refused with LIF-1 where the journal shows that no usage is taken any more (SUS-10). Raises
        BooksUnavailable too while the journal is behind the life that accepted it.
        """
        ...

    async def report_usages(
        self, subscription_id: str, reports: Sequence[ReportUsage], answer: Answer
    ) -> UsageImported:
        """Record many reports that the lifecycle accepts as of one instant, in one transaction (MON-7).

        Raises BooksConflict where one repeats a usage id with other units: then none of them is recorded.
        """
        ...


class SubscriptionAuditor(Protocol):
    """Checks the books of subscriptions against the invariants."""

    async def page(self, limit: int = ..., after: str | None = None) -> list[Audited]:
        """The next lives in the order of their ids, each as one state of the database shows it."""
        ...

    async def one(self, subscription_id: str) -> Audited | None:
        """That life alone; None where the books do not know it."""
        ...
