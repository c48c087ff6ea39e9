"""What activities take and return. Unknown fields are ignored, so that a rollout can mix versions."""

from datetime import timedelta

from domain.effects import Access, Provision, Record
from domain.events import Event, EventName, State
from domain.money import Currency
from domain.offers import PinnedOffer, Publisher
from domain.roles import RolePreset
from domain.subscription import Subscription
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


class OpenAccount(Frozen):
    """The account to open for a customer, or to find open. `ahead_by` is a test clock's offset, None without one."""

    customer_id: str
    policy: str
    roles: RolePreset = RolePreset.DEFAULT
    at: Instant
    ahead_by: timedelta | None = None

    @classmethod
    def of(cls, subscription: Subscription, ahead_by: timedelta | None) -> "OpenAccount":
        """The account of the subscription's customer, under its policy pack and roles, from its order on."""
        return cls(
            customer_id=subscription.customer_id,
            policy=subscription.policy.name,
            roles=subscription.roles,
            at=subscription.ordered_at,
            ahead_by=ahead_by,
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


class ProvisionInput(Frozen):
    """One change of a tenant's access."""

    subscription_id: str
    customer_id: str
    offer_id: str
    provision: Provision


class Confirmation(Frozen):
    """That the tenant's access is as asked, and since when by the tenant's own clock."""

    access: Access
    confirmed_at: Instant


class Listed(Frozen):
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


class Notice(Frozen):
    """What a publisher is told of one event. Free text and actors stay with us."""

    subscription_id: str
    customer_id: str
    offer_id: str
    seq: int
    at: Instant
    event: EventName
    state: State
    rule: str
    reason: str | None = None
    auto_renew: bool
    quantity: int
    add_ons: dict[str, int]

    @classmethod
    def of(cls, about: About, event: Event) -> "Notice":
        """The event as its publisher is told of it."""
        return cls(
            subscription_id=about.subscription_id,
            customer_id=about.customer_id,
            offer_id=about.offer.id,
            seq=event.seq,
            at=event.at,
            event=event.event,
            state=event.state,
            rule=event.rule,
            reason=event.reason,
            auto_renew=event.after.auto_renew,
            quantity=event.after.quantity,
            add_ons=event.after.add_ons,
        )
