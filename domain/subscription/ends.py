"""How a subscription can end: credited or scheduled cancellation, expiry, how long data is kept; or that it renews."""

from datetime import datetime, timedelta

from domain.catalog.offers import PinnedOffer
from domain.policy import LateCancel, PolicyPack
from domain.rules import Rule
from domain.subscription.events import State
from domain.subscription.holds import Hold, pause_of
from domain.subscription.subscription import Subscription

DAY = timedelta(days=1)


def free_days(account_opened: datetime, first_billing: datetime) -> int:
    """Whole 24-hour days from the opening of the account to the first billing period, at least 0 (SUS-3)."""
    return max(0, (first_billing - account_opened) // DAY)


def deletion_instant(
    suspended_at: datetime, policy: PolicyPack, account_opened: datetime, first_billing: datetime
) -> datetime:
    """The exact instant at which the data of a suspended subscription is deleted (SUS-3, SUS-4)."""
    kept = policy.retention_base
    if policy.free_days_count:
        kept += free_days(account_opened, first_billing) * DAY
    return suspended_at + min(kept, policy.retention_cap)


def creditable(offer: PinnedOffer) -> bool:
    """Whether `cancel` applies to subscriptions to the offer: licences of an ISV (CXL-1)."""
    return offer.marketplace and not offer.metered


def retention_ends(
    holds: tuple[Hold, ...], policy: PolicyPack, account_opened: datetime, first_billing: datetime | None
) -> datetime | None:
    """When the data is deleted: counted from the first hold, but not before a planned pause ends (SUS-3, SUS-11).

    A pause alone deletes nothing: None.
    """
    counted = [hold.at for hold in holds if hold.until is None]
    if not counted:
        return None
    since = min(counted)
    ends = deletion_instant(since, policy, account_opened, first_billing or since)
    return max([ends, *(hold.until for hold in holds if hold.until)])


def cancellable(subscription: Subscription) -> bool:
    """Whether `cancel` applies: a licence offer of an ISV (CXL-1) that has not ended (LIF-2)."""
    return creditable(subscription.offer) and not subscription.state.ended


def refund_open(subscription: Subscription, now: datetime) -> bool:
    """Whether a cancellation is credited: `now` is before the end of the half-open refund window (CXL-4, CXL-7).

    Nothing was charged in a trial that ended while suspended, so it has no window.
    """
    free = subscription.term is None and subscription.lapsed(now)
    return cancellable(subscription) and not free and now < subscription.refund_closes


def late_cancel_allowed(subscription: Subscription, now: datetime) -> bool:
    """Whether a cancellation after the refund window is scheduled: so unless the policy pack refuses it (CXL-3)."""
    scheduled = subscription.policy.late_cancel is LateCancel.SCHEDULED
    return cancellable(subscription) and scheduled and not subscription.lapsed(now)


def leavable(subscription: Subscription, now: datetime) -> bool:
    """Whether it can be left past the end of its term or trial, suspended: a licence of an ISV, any trial (LIF-3)."""
    return subscription.lapsed(now) and (subscription.term is None or cancellable(subscription))


def expires_at(subscription: Subscription) -> datetime | None:
    """When it expires with auto-renew off; None if it renews, is deleted before, or has ended (SUS-4)."""
    if subscription.auto_renew or subscription.state.ended:
        return None
    end, deletes_at = subscription.commitment_end, subscription.deletes_at
    return None if end and deletes_at and deletes_at < end else end


def deleted_at(subscription: Subscription) -> datetime | None:
    """When its data is deleted unless it is reactivated; None if it expires before, or then (SUS-4)."""
    return None if expires_at(subscription) else subscription.deletes_at


def renews(subscription: Subscription) -> bool:
    """Whether its term ends with a renewal if nothing else happens (REN-1)."""
    return subscription.state is State.ACTIVE and subscription.auto_renew and subscription.term is not None


def announcement(subscription: Subscription) -> datetime | None:
    """When its renewal is announced, if that is still ahead and it renews (REN-5). None if not."""
    if not subscription.offer.announce_days or not renews(subscription):
        return None
    assert subscription.term is not None
    at = subscription.term.end - subscription.offer.announce_days * DAY
    return at if at > subscription.last_at else None


def pause_ends_at(subscription: Subscription) -> datetime | None:
    """When its planned pause ends by itself; None without a pause (SUS-11)."""
    pause = pause_of(subscription.holds)
    return pause.until if pause else None


def expiry_rule(subscription: Subscription) -> Rule:
    """The rule by which the subscription expires at the end of its term or trial."""
    if subscription.term is None:
        return Rule.TRI_5
    return Rule.CXL_3 if subscription.scheduled_cancellation else Rule.REN_2
