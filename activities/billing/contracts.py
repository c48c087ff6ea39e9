"""What activities take and return. Unknown fields are ignored, so that a rollout can mix versions."""

from datetime import timedelta

from activities.accounts.contracts import OpenAccount
from domain.catalog.offers import PinnedOffer, Publisher
from domain.money import Currency
from domain.subscription.effects import Record
from domain.subscription.events import State
from domain.subscription.subscription import Subscription
from domain.values import Frozen, Instant


class About(Frozen):
    """What the books keep of a subscription beside its journal, so that ended ones can be listed and shown."""

    subscription_id: str
    customer_id: str
    offer: PinnedOffer
    policy: str
    ordered_at: Instant

    @classmethod
    def of(cls, subscription: Subscription) -> "About":
        """The part of the subscription that never changes."""
        return cls(
            subscription_id=subscription.subscription_id,
            customer_id=subscription.customer_id,
            offer=subscription.offer,
            policy=subscription.policy.name,
            ordered_at=subscription.ordered_at,
        )


class RecordInput(Frozen):
    """One decision for the books; `opens` is with a life's first one: the account that its invoices are for."""

    about: About
    record: Record
    opens: OpenAccount | None = None

    @classmethod
    def of(
        cls, subscription: Subscription, record: Record, *, invoiced: bool, ahead_by: timedelta | None
    ) -> "RecordInput":
        """The decision, with the account of its customer where it is the first of a life that is invoiced (MON-5)."""
        opens = OpenAccount.of(subscription, ahead_by) if invoiced and record.seq == 1 else None
        return cls(about=About.of(subscription), record=record, opens=opens)


class UsageImported(Frozen):
    """What came of many usage reports: new ones, and those that were known already with the same units."""

    recorded: int = 0
    known: int = 0

    def __add__(self, other: "UsageImported") -> "UsageImported":
        return UsageImported(recorded=self.recorded + other.recorded, known=self.known + other.known)


class ListedSubscription(Frozen):
    """A subscription as lists show it: as its last recorded event left it."""

    subscription_id: str
    customer_id: str
    offer_id: str
    publisher: Publisher
    currency: Currency
    policy: str
    ordered_at: Instant
    state: State
    auto_renew: bool
    quantity: int
    add_ons: dict[str, int]
    last_seq: int
    last_at: Instant
