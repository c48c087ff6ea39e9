"""What billing takes and returns. Unknown fields are ignored, so that versions can be mixed during a rollout."""

from datetime import timedelta

from activities.accounts.contracts import OpenAccount
from domain.catalog.offers import PinnedOffer, Publisher
from domain.money import Currency
from domain.subscription.effects import Record
from domain.subscription.events import State
from domain.subscription.subscription import Subscription
from domain.values import Frozen, Instant


class About(Frozen):
    """The facts of a subscription that never change, kept so that ended subscriptions can be listed and shown."""

    subscription_id: str
    customer_id: str
    offer: PinnedOffer
    policy: str
    ordered_at: Instant

    @classmethod
    def of(cls, subscription: Subscription) -> "About":
        """The unchanging facts of the subscription."""
        return cls(
            subscription_id=subscription.subscription_id,
            customer_id=subscription.customer_id,
            offer=subscription.offer,
            policy=subscription.policy.name,
            ordered_at=subscription.ordered_at,
        )


class RecordInput(Frozen):
    """One decision to write. The first of a subscription has in `opens` the account that its invoices go to."""

    about: About
    record: Record
    opens: OpenAccount | None = None

    @classmethod
    def of(
        cls, subscription: Subscription, record: Record, *, invoiced: bool, ahead_by: timedelta | None
    ) -> "RecordInput":
        """The decision, with the account to open if it is the first and the subscription is `invoiced` (MON-5)."""
        opens = OpenAccount.of(subscription, ahead_by) if invoiced and record.seq == 1 else None
        return cls(about=About.of(subscription), record=record, opens=opens)


class UsageImported(Frozen):
    """The result of a usage import: how many reports were new, and how many were known with the same units."""

    recorded: int = 0
    known: int = 0

    def __add__(self, other: "UsageImported") -> "UsageImported":
        return UsageImported(recorded=self.recorded + other.recorded, known=self.known + other.known)


class ListedSubscription(Frozen):
    """A subscription as lists show it, after its last recorded event."""

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
