"""What billing takes and returns. Unknown fields are ignored, so that versions can be mixed during a rollout."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from activities.accounts.contracts import OpenAccount
from domain.catalog.offers import PinnedOffer, Publisher
from domain.money import Currency
from domain.ordering.terms import Order
from domain.subscription.effects import CountUsage, Record
from domain.subscription.events import State
from domain.subscription.subscription import Changes, Subscription
from domain.subscription.usage import Usage
from domain.values import Frozen, Instant, Lean, OmitEmpty
from statemachines.subscription.life import Life
from statemachines.subscription.timeline import next_milestone


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


class Origin(Frozen):
    """How a subscription began: `invoiced` opens its customer's account if there is none (MON-5).

    `placed` by an order, whose line has its date; `ahead_by` is the offset of its test clock, None without one.
    """

    invoiced: bool = False
    placed: bool = False
    ahead_by: timedelta | None = None

    def of_clock(self, ahead_by: timedelta | None) -> "Origin":
        """The same with the offset of a test clock."""
        return self.model_copy(update={"ahead_by": ahead_by})

    def handed_on(self, committed: int) -> "Origin":
        """What the next run has to know of it: nothing, once an event is recorded (`committed` is the last one)."""
        return Origin() if committed else self


class RecordInput(Frozen):
    """One decision to write. By `next_at`, the subscription's next milestone, the books show that it is overdue.

    With a `test_clock` it may be dated after the clock on the wall. The first of a subscription alone says what never
    changes: `about`, the account that its invoices go to (`opens`), the test clock's offset (`ahead_by`), and whether
    an order's line has its date (`placed`).
    """

    subscription_id: str
    customer_id: str
    about: OmitEmpty[Lean[About] | None] = None
    record: Lean[Record]
    opens: OmitEmpty[OpenAccount | None] = None
    test_clock: OmitEmpty[bool] = False
    ahead_by: OmitEmpty[timedelta | None] = None
    placed: OmitEmpty[bool] = False
    next_at: OmitEmpty[Instant | None] = None

    @classmethod
    def of(cls, subscription: Subscription, record: Record, origin: Origin) -> "RecordInput":
        """The decision, with the account to open if it is the first and the subscription is `invoiced` (MON-5)."""
        first, milestone = record.seq == 1, next_milestone(subscription)
        return cls.under(
            About.of(subscription),
            record,
            opens=OpenAccount.of(subscription, origin.ahead_by) if first and origin.invoiced else None,
            test_clock=origin.ahead_by is not None,
            ahead_by=origin.ahead_by if first else None,
            placed=first and origin.placed,
            next_at=milestone.at if milestone else None,
        )

    @classmethod
    def under(cls, about: About, record: Record, **given: Any) -> "RecordInput":
        """The decision of the subscription that `about` describes, which the first decision alone writes."""
        return cls(
            subscription_id=about.subscription_id,
            customer_id=about.customer_id,
            about=about if record.seq == 1 else None,
            record=record,
            **given,
        )


class KeepInput(Frozen):
    """Changes of a subscription's snapshot that have no event, and the number of its last event."""

    subscription_id: str
    seq: int
    changed: Changes


class CountInput(Frozen):
    """A count of a subscription's unbilled usage, which is kept in its snapshot."""

    subscription_id: str
    count: CountUsage


class AskedCommand(Frozen):
    """A command id whose first answer is wanted. The ids of the system's own commands (`system`) are apart."""

    subscription_id: str
    command_id: str
    system: bool = False


class RestoreInput(Frozen):
    """The subscription to read from the books."""

    subscription_id: str


class Restored(Frozen):
    """A subscription as the books have it: its life, and its publisher with the last event that it was notified of.

    `ahead_by` is the offset of its test clock, and `purchase` what it was bought with, None without an order.
    """

    life: Life
    ahead_by: timedelta | None = None
    purchase: Order | None = None
    publisher: str | None = None
    told: int = 0


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
    next_at: Annotated[Instant | None, Field(exclude=True)] = None

    @property
    def over(self) -> bool:
        """Whether it has ended for good: late usage of a usage offer is settled after its end (USE-2)."""
        return self.state.ended and self.next_at is None


class Whose(Frozen):
    """Which subscriptions a forecast is of: those of a customer, to a publisher's offers, sold by a partner; or all."""

    customer: str | None = None
    publisher: str | None = None
    partner: str | None = None


class Forecastable(Frozen):
    """A subscription as its last event left it, with the usage that is not billed yet.

    `subscription` is None where it cannot be read, or an earlier version recorded too little.
    """

    subscription_id: str
    subscription: Subscription | None
    usage: tuple[Usage, ...] = ()
