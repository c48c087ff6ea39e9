"""What will happen without further commands: the next milestone of each kind, soonest first (invariant 9)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from domain.catalog.offers import Setup
from domain.money import shown_price
from domain.rules import Rule
from domain.subscription.ends import expires_at, expiry_rule, pause_ends_at, refund_open
from domain.subscription.events import State
from domain.subscription.pricing import billed_while_suspended, unbilled_rows
from domain.subscription.scheduled import in_words
from domain.subscription.subscription import Subscription
from domain.values import Frozen, Instant, Worded, format_instant


class What(Worded):
    """The kinds of milestones, in the order in which they happen at one instant (LIF-4)."""

    BEGIN = "begin", "Begins"
    ACTIVATION_DEADLINE = "activation_deadline", "Activation deadline: cancelled, never charged"
    TRIAL_END = "trial_end", "Trial ends"
    CHARGE_PERIOD = "charge_period", "Billing period begins"
    ANNOUNCE_RENEWAL = "announce_renewal", "Renewal is announced"
    RESUME = "resume", "Pause ends"
    RENEW = "renew", "Renews"
    EXPIRE = "expire", "Expires"
    SETTLE_USAGE = "settle_usage", "Late usage is billed"
    DELETE = "delete", "All data is deleted"
    REFUND_WINDOW_CLOSES = "refund_window_closes", "Refund window closes"


SPREAD = frozenset({What.CHARGE_PERIOD, What.RENEW})
"""What many subscriptions do at one instant, and may do a little later, with the same date."""
_ORDER = {what: number for number, what in enumerate(What)}


class Milestone(Frozen):
    """Something that happens by itself at a known instant: what, by which rule, and why in words."""

    at: Instant
    what: What
    rule: Rule
    why: str


def timeline(subscription: Subscription, now: datetime) -> list[Milestone]:
    """The next milestone of each kind, soonest first. `now` only decides whether the refund window is still open."""
    found = [
        each
        for each in _milestones(subscription)
        # A settlement is shown only if something is to bill (USE-2).
        if each.what is not What.SETTLE_USAGE or unbilled_rows(subscription, each.at, late_only=True)
    ]
    if refund_open(subscription, now):
        why, closes = "from then on a cancel is no longer credited", subscription.refund_closes
        found.append(Milestone(at=closes, what=What.REFUND_WINDOW_CLOSES, rule=Rule.CXL_4, why=why))
    return sorted(found, key=_place)


def next_milestone(subscription: Subscription) -> Milestone | None:
    """The next milestone, which the workflow sleeps until; None if nothing will happen by itself.

    Unlike the timeline it has the end of the grace for late usage even if nothing is to bill then (USE-1).
    """
    return min(_milestones(subscription), key=_place, default=None)


def wakes_at(subscription: Subscription, late_by: timedelta) -> datetime | None:
    """When the next milestone is decided, if renewals and charges are so much later than their instants.

    Nothing else is: if a trial or term ends, or data is deleted meanwhile, that instant. None as `next_milestone`.
    """
    found = _milestones(subscription)
    return min((each.at + (late_by if each.what in SPREAD else timedelta(0)) for each in found), default=None)


def _place(milestone: Milestone) -> tuple[datetime, int]:
    return milestone.at, _ORDER[milestone.what]


def _milestones(subscription: Subscription) -> Iterator[Milestone]:
    match subscription.state:
        case State.PENDING:
            yield _beginning(subscription)
        case State.TRIAL:
            if subscription.auto_renew:
                yield _conversion(subscription)
            else:
                yield _expiry(subscription)
        case State.ACTIVE:
            yield from _periods(subscription)
            yield from _announcement(subscription)
            if subscription.auto_renew:
                yield _renewal(subscription)
            else:
                yield _expiry(subscription)
        case State.SUSPENDED:
            yield from _while_suspended(subscription)
        case _:
            yield from _settlement(subscription)


def _beginning(subscription: Subscription) -> Milestone:
    """When a pending subscription begins by itself (BUY-6), or is given up because nobody sets it up (ISV-4)."""
    offer, begins_at = subscription.offer, subscription.begins_at
    if begins_at and (subscription.activated or offer.setup is Setup.NONE):
        begun = "free trial" if offer.trial_days else f"paid term at {_per_unit(subscription, offer.unit_price)}"
        return Milestone(at=begins_at, what=What.BEGIN, rule=Rule.BUY_6, why=f"as ordered, the {begun} begins")
    deadline = (begins_at or subscription.ordered_at) + subscription.policy.activation_deadline
    why = "cancelled, never charged, unless the publisher activates before"
    return Milestone(at=deadline, what=What.ACTIVATION_DEADLINE, rule=Rule.ISV_4, why=why)


def _while_suspended(subscription: Subscription) -> Iterator[Milestone]:
    """What comes first of expiry and deletion, alone; nothing comes after it (SUS-4).

    A planned pause ends before (SUS-11): at one instant before a term or the retention, but after a trial (LIF-4).
    """
    end = None
    if expires_at(subscription):
        end = _expiry(subscription)
    elif subscription.deletes_at:
        end = _deletion(subscription)
    yield from (period for period in _periods(subscription) if end is None or period.at <= end.at)
    until = pause_ends_at(subscription)
    ends_before = end and until and (until > end.at or (end.what is What.EXPIRE and until == subscription.trial_end))
    if until and not ends_before:
        yield _resumption(subscription, until)
    if end:
        yield end


def _resumption(subscription: Subscription, at: datetime) -> Milestone:
    others = [hold.reason for hold in subscription.holds if not hold.until]
    if others:
        why = f"the planned pause ends; still suspended for {', '.join(others)}"
    elif subscription.term and at > subscription.term.end:
        price = subscription.price_for(at, including=True)
        why = f"the planned pause ends and a new term begins at {_per_unit(subscription, price)}"
        why += _with_changes(subscription)
    elif subscription.term is None and not subscription.in_free_trial(at):
        why = f"the planned pause ends and the paid term begins at {_per_unit(subscription, subscription.unit_price)}"
    else:
        why = "the planned pause ends and users have access again"
    return Milestone(at=at, what=What.RESUME, rule=Rule.SUS_11, why=why)


def _settlement(subscription: Subscription) -> Iterator[Milestone]:
    """The end of the grace for late usage, until it has passed and what was counted then is billed (USE-2)."""
    closes = subscription.usage_closes
    if closes is None or not subscription.counts_usage:
        return
    if not subscription.usage_closed or unbilled_rows(subscription, closes, late_only=True):
        why = "usage that was reported after the end is billed; no more is taken"
        yield Milestone(at=closes, what=What.SETTLE_USAGE, rule=Rule.USE_2, why=why)


def _conversion(subscription: Subscription) -> Milestone:
    assert subscription.trial_end is not None
    # A trial's first term keeps the ordered price (BUY-5).
    why = f"the trial ends and the paid term begins at {_per_unit(subscription, subscription.unit_price)}"
    return Milestone(at=subscription.trial_end, what=What.TRIAL_END, rule=Rule.TRI_3, why=why)


def _expiry(subscription: Subscription) -> Milestone:
    end = subscription.commitment_end
    assert end is not None
    what = "term" if subscription.term else "trial"
    cause = "a cancellation is scheduled" if subscription.scheduled_cancellation else "auto-renew is off"
    why = f"the {what} ends and {cause}"
    return Milestone(at=end, what=What.EXPIRE, rule=expiry_rule(subscription), why=why)


def _deletion(subscription: Subscription) -> Milestone:
    assert subscription.deletes_at is not None
    meanwhile = "; it does not renew meanwhile" if subscription.auto_renew else ""
    why = f"all data is deleted unless it is reactivated before{meanwhile}"
    return Milestone(at=subscription.deletes_at, what=What.DELETE, rule=Rule.SUS_3, why=why)


def _periods(subscription: Subscription) -> Iterator[Milestone]:
    """The next period boundary inside the term; while suspended only if it bills something (SUS-6, SUS-10)."""
    term = subscription.term
    if term is None:
        return
    at = next_boundary(subscription)
    if subscription.state is State.SUSPENDED:
        usage_of_last = at == term.end and subscription.auto_renew and not _resumes_by(subscription, at)
        due = (at < term.end or usage_of_last) and billed_while_suspended(subscription, at)
    else:
        due = at < term.end
    if due:
        why = "the next billing period begins"
        yield Milestone(at=at, what=What.CHARGE_PERIOD, rule=Rule.MON_3, why=why)


def _resumes_by(subscription: Subscription, at: datetime) -> bool:
    """Whether the planned pause, without other holds, has ended by then: the term's end is a renewal (SUS-11)."""
    until = pause_ends_at(subscription)
    return until is not None and until <= at and len(subscription.holds) == 1


def next_boundary(subscription: Subscription) -> datetime:
    """The end of the billing period that runs since the last event, or since the count of unbilled usage (USE-2).

    Suspended, the boundaries before the count had nothing to bill. The subscription must have a term.
    """
    assert subscription.term is not None
    number = subscription.period
    if subscription.state is State.SUSPENDED and subscription.unbilled is not None:
        counted_at = subscription.unbilled.at
        while (end := subscription.billing_period(number).end) <= counted_at and end <= subscription.term.end:
            number += 1
    return subscription.billing_period(number).end


def _renewal(subscription: Subscription) -> Milestone:
    term = subscription.term
    assert term is not None
    why = f"a new term of {subscription.offer.term} begins at {_per_unit(subscription, renewal_price(subscription))}"
    why += _with_changes(subscription)
    if policy := subscription.next_policy:
        why += f", under {policy.name} version {policy.version}"
    return Milestone(at=term.end, what=What.RENEW, rule=Rule.REN_1, why=why)


def _announcement(subscription: Subscription) -> Iterator[Milestone]:
    if (at := subscription.announces_at) and (term := subscription.term):
        why = f"it is announced that a new term begins at {format_instant(term.end)}"
        yield Milestone(at=at, what=What.ANNOUNCE_RENEWAL, rule=Rule.REN_5, why=why)


def _with_changes(subscription: Subscription) -> str:
    """What is scheduled for a new term (REN-4)."""
    words = in_words(subscription.scheduled_changes, subscription.offer.id)
    return f", with {words}" if words else ""


def renewal_price(subscription: Subscription) -> Decimal:
    """The unit price of the next term (BUY-5). The subscription must have a term."""
    assert subscription.term is not None
    return subscription.price_for(subscription.term.end, including=False)


def _per_unit(subscription: Subscription, price: Decimal) -> str:
    currency = subscription.offer.currency
    return f"{shown_price(price, currency):f} {currency} a unit"
