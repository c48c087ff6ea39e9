"""The public contract of `SubscriptionWorkflow`: its start, updates, signals and queries.

An update takes one command and returns an `Answer`, which may be a refusal (COMMANDS); operators have their own
(UPDATES). A signal carries the same command for senders that need no answer (SIGNALS).
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, get_args

from pydantic import Field, model_validator

from activities.billing.contracts import Origin
from activities.settings import LARGEST_SPREAD
from domain.conflict import Conflict
from domain.ordering.terms import Order, begins_too_early_or_late
from domain.policy import PolicyPack
from domain.subscription.commands import (
    Activate,
    AnyCommand,
    Cancel,
    Command,
    Reactivate,
    RejectQuantity,
    ReportUsage,
    SetAutoRenew,
    Suspend,
)
from domain.subscription.decision import Answer
from domain.subscription.events import Event, State
from domain.subscription.holds import Hold
from domain.subscription.scheduled import ScheduledChanges
from domain.subscription.subscription import Subscription, Term
from domain.values import Frozen, Id, Instant, Lean, Strict, format_instant
from statemachines.state_schema import SUBSCRIPTION
from statemachines.subscription.life import Life
from statemachines.subscription.timeline import Milestone
from workflows.durable.arguments import check_forecast, malformed
from workflows.durable.carried import Carried
from workflows.durable.clock import TestClock
from workflows.durable.committed import COMMITTED_UPDATES
from workflows.durable.inbox import HeldSignal
from workflows.durable.operator import OPERATOR_UPDATES, Operator, RequestNewRun
from workflows.notifications.messages import NOTIFICATION_UPDATES, Stream
from workflows.subscription.usage_count import USAGE_UPDATES

SUBSCRIPTION_WORKFLOW = "SubscriptionWorkflow"
"""The workflow's type."""

COMMANDS: dict[str, type[Command]] = {
    command.action.value: command for command in get_args(get_args(AnyCommand)[0]) if command is not ReportUsage
}
"""The updates that return an Answer: every command but usage, which goes to the usage book instead."""

SIGNALS: dict[str, type[Command] | type[RequestNewRun]] = {
    "suspension_requested": Suspend,
    "reactivation_requested": Reactivate,
    "cancellation_requested": Cancel,
    "auto_renew_requested": SetAutoRenew,
    "activation_confirmed": Activate,
    "quantity_rejected": RejectQuantity,
    "new_run_requested": RequestNewRun,
}
"""The signals, and the command that each carries. The last is the operators' way in when updates are used up."""


SpreadSeconds = Annotated[int, Field(ge=0, le=LARGEST_SPREAD)]


class Purchase(Strict):
    """Starts a subscription. `invoiced` opens its customer's billing account if there is none.

    Its renewals and charges come up to `spread_seconds` later than their instants, each subscription's always as much.
    Without a test clock the subscription begins when its workflow starts. If an order placed it (`placed`), it begins
    at `order.at`, which must be the instant of the order's line in the books.
    """

    order: Order
    clock: TestClock | None = None
    invoiced: bool = True
    placed: bool = False
    periods_per_run: Annotated[int, Field(ge=1, le=1000)] = 3
    spread_seconds: SpreadSeconds = 0

    @model_validator(mode="after")
    def _without_faults(self) -> "Purchase":
        faults = [str(fault.under("order")) for fault in self.order.faults()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def dated(self, now: datetime) -> Order:
        """The order with the instant at which the subscription begins; `now` is the workflow's time.

        Raises ApplicationError of type `Malformed` if a test clock is too far from it, or `begins_at` from the order.
        """
        if self.clock is not None:
            check_forecast("order.at", self.order.at, now)
        order = self.order if self.clock or self.placed else self.order.model_copy(update={"at": now})
        if order.begins_at and (takes := begins_too_early_or_late(order.at, order.begins_at)):
            raise malformed(f"order.begins_at: got {format_instant(order.begins_at)}; takes {takes}")
        return order

    @property
    def origin(self) -> Origin:
        """How the subscription begins."""
        return Origin(invoiced=self.invoiced, placed=self.placed)

    @property
    def stream(self) -> Stream:
        """Nothing of it was sent to its publisher yet."""
        return Stream()

    @property
    def held(self) -> tuple[HeldSignal, ...]:
        """No signal came before it."""
        return ()


_MEMO_KEY = "order"


def terms_memo(order: Order) -> dict[str, str]:
    """The memo of a subscription's start: a digest of its order, to be compared without a worker.

    Each run hands it to the next. Fields with their defaults are left out, so that a version with more fields
    computes the same digest.
    """
    content = order.model_dump(mode="json", exclude_defaults=True)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return {_MEMO_KEY: hashlib.sha256(text.encode()).hexdigest()[:16]}


def has_terms(memo: Mapping[str, Any], order: Order) -> bool:
    """Whether a subscription with this memo was started with exactly this order; False without a memo."""
    return memo.get(_MEMO_KEY) == terms_memo(order)[_MEMO_KEY]


class Continued(Carried):
    """What one run hands to the next: the whole state, and how far the publisher has been notified."""

    state_schema = SUBSCRIPTION
    schema_version: int = SUBSCRIPTION.version

    life: Life
    clock: TestClock | None = None
    periods_per_run: int
    spread_seconds: Annotated[int, Field(exclude_if=lambda seconds: not seconds)] = 0
    stream: Lean[Stream]
    origin: Lean[Origin]
    held: Annotated[tuple[HeldSignal, ...], Field(exclude_if=lambda held: not held)] = ()
    """Signals that came while the subscription was being rebuilt; left out where none did, as in other runs' states."""


Start = Purchase | Continued
"""What a run begins with: a new subscription, or the state so far."""


class Rebuild(Operator):
    """Starts a subscription again from the books, where its workflow is gone."""

    subscription_id: Id
    periods_per_run: Annotated[int, Field(ge=1, le=1000)] = 3
    spread_seconds: SpreadSeconds = 0


class Migration(Operator):
    """Continue on the code that the workers run now. A newer version of the policy pack applies from the next term."""

    policy: Annotated[PolicyPack, Field(strict=False)] | None = None


UPDATES: dict[str, type[Strict]] = {
    **COMMANDS,
    **COMMITTED_UPDATES,
    **OPERATOR_UPDATES,
    "migrate": Migration,
    **NOTIFICATION_UPDATES,
    **USAGE_UPDATES,
}
"""The updates, and the request that each takes."""


class Details(Frozen):
    """The subscription now. Events up to `committed` are in the books, and those up to `provisioned` have taken effect.

    `scheduled_changes` are the quantities from the renewal on, by line (REN-4). With auto-renew off it expires at
    `ends_at`; while suspended its data is deleted at `deletes_at` unless it is reactivated. Of the two only what comes
    first is set (SUS-4). `publisher` is notified of its events, None if nobody is. `told` is the seq of the last event
    that the publisher was notified of, and `undelivered` says why the next notification cannot be delivered. An
    operator can settle the `conflict` (REP-1). Its renewals and charges are decided `late_by` after the instants shown.
    """

    subscription_id: Id
    customer_id: Id
    offer_id: Id
    state: State
    now: Instant
    auto_renew: bool
    quantity: int
    add_ons: dict[str, int]
    term: Term | None
    trial_end: Instant | None
    holds: tuple[Hold, ...]
    deletes_at: Instant | None
    refund_closes: Instant | None
    allowed: tuple[str, ...]
    timeline: tuple[Milestone, ...]
    seq: int
    committed: int
    provisioned: int
    attention: str | None
    refused_signals: tuple[Answer, ...]
    refused_signal_count: int
    clock: TestClock | None = None
    publisher: str | None = None
    told: int = 0
    undelivered: str | None = None
    conflict: Conflict | None = None
    ends_at: Instant | None = None
    late_by: timedelta = timedelta(0)
    scheduled_changes: ScheduledChanges = {}

    @property
    def settled(self) -> bool:
        """Whether all events are in the books and provisioned."""
        return self.committed >= self.seq and self.provisioned >= self.seq


class Ended(Frozen):
    """What the workflow returns when the subscription has ended."""

    subscription_id: Id
    state: State
    events: int
    ended_at: Instant

    @classmethod
    def of(cls, last: Subscription) -> "Ended":
        """What is left of the subscription, by its last value."""
        ended_at = last.ended_at or last.last_at
        return cls(subscription_id=last.subscription_id, state=last.state, events=last.seq, ended_at=ended_at)


class Events(Frozen):
    """The last few events; the books have all."""

    events: tuple[Event, ...]
