"""Whether a cancel credits, is scheduled or is refused, and how an ending is named (section 9)."""

from datetime import datetime

from domain.policy import LateCancel
from domain.rules import Rule
from domain.subscription import Subscription


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
