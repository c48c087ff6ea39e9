"""When a subscription ends: whether a cancel credits or is scheduled, and how long data is kept."""

from datetime import datetime, timedelta

from domain.policy import LateCancel, PolicyPack
from domain.rules import Rule
from domain.subscription.subscription import Subscription

DAY = timedelta(days=1)


def free_days(account_opened: datetime, first_billing: datetime) -> int:
    """Whole 24-hour days from account opening to the first billing period's start; never less than 0."""
    return max(0, (first_billing - account_opened) // DAY)


def deletion_instant(
    suspended_at: datetime, policy: PolicyPack, account_opened: datetime, first_billing: datetime
) -> datetime:
    """The instant of deletion, to the second and finer (SUS-3, SUS-4)."""
    kept = policy.retention_base
    if policy.free_days_count:
        kept += free_days(account_opened, first_billing) * DAY
    return suspended_at + min(kept, policy.retention_cap)


def cancellable(subscription: Subscription, now: datetime) -> bool:
    """CXL-1: licence offers of an ISV; LIF-3: not past the term's end in suspension; LIF-2."""
    offer, ended = subscription.offer, subscription.state.ended
    return offer.marketplace and not offer.metered and not ended and not subscription.lapsed(now)


def refund_open(subscription: Subscription, now: datetime) -> bool:
    """CXL-4: the window is half-open from the order (CXL-7: or, where the pack says so, from the renewal)."""
    return cancellable(subscription, now) and now < subscription.refund_closes


def late_cancel_allowed(subscription: Subscription, now: datetime) -> bool:
    """CXL-3: after the window it is scheduled at renewal, unless the pack refuses it."""
    return cancellable(subscription, now) and subscription.policy.late_cancel is LateCancel.SCHEDULED


def expiry_rule(subscription: Subscription) -> Rule:
    """Which rule lets it expire at its term's or trial's end."""
    if subscription.term is None:
        return Rule.TRI_5
    return Rule.CXL_3 if subscription.scheduled_cancellation else Rule.REN_2
