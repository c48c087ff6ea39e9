"""Milestones and effects in one line each, with their money: for timers, activities, details and people."""

from datetime import datetime

from domain.money import Money, shown_price, total
from domain.subscription.decision import Decision
from domain.subscription.effects import Provision, Record
from domain.subscription.ledger import Kind
from domain.subscription.subscription import Subscription
from statemachines.subscription.lifecycle import Lifecycle
from statemachines.subscription.timeline import Milestone, What, renewal_price

SUMMARY_LENGTH = 200
"""The longest summary of a timer or an activity, in characters."""


def charged(decision: Decision) -> Money | None:
    """The total that the decision charges, or None. Usage is not included: it is counted when it is recorded."""
    rows = [row for event in decision.events for row in event.rows if row.kind is Kind.CHARGE]
    return total([row.amount for row in rows], decision.subscription.offer.currency)


def headline(lifecycle: Lifecycle, subscription: Subscription, milestone: Milestone) -> str:
    """The milestone in one line, such as `Trial ends: first charge USD 30.00`.

    A renewal at another price names both prices (BUY-5).
    """
    words = milestone.what.words
    if milestone.what is What.REFUND_WINDOW_CLOSES:
        return words
    decision = lifecycle.decide(subscription, milestone, milestone.at)
    parts = []
    if money := charged(decision):
        first = "first charge" if milestone.what is What.TRIAL_END else "charge"
        parts.append(f"{first} {money}")
    if announced := next((event.announces for event in decision.events if event.announces), None):
        parts.append(f"{announced.amount or 'usage'} at {announced.renews_at:%Y-%m-%d %H:%M:%S}")
    if any(event.usage for event in decision.events):
        parts.append("usage is billed")
    if parts:
        words += f": {' and '.join(parts)}"
    return words + _new_price(subscription) if milestone.what is What.RENEW else words


def later_prices(subscription: Subscription, now: datetime) -> list[str]:
    """The known price changes that come after the next term has begun (BUY-5), one line each."""
    _, changes = subscription.coming_prices(now)
    currency = subscription.offer.currency
    following = subscription.term.end if subscription.term else now
    return [
        f"{currency} {shown_price(change.unit_price, currency):f} a unit, from the first renewal after "
        f"{change.at:%Y-%m-%d %H:%M:%S} UTC"
        for change in changes
        if change.at >= following
    ]


def _new_price(subscription: Subscription) -> str:
    price = renewal_price(subscription)
    if price == subscription.unit_price:
        return ""
    currency = subscription.offer.currency
    until_then = shown_price(subscription.unit_price, currency)
    return f" ({currency} {shown_price(price, currency):f} a unit, {until_then:f} until then)"


def provision_headline(provision: Provision) -> str:
    """The change of access in one line, such as `users can sign in, as of 2027-01-31 09:00:00`."""
    return f"{provision.access.words}, as of {provision.at:%Y-%m-%d %H:%M:%S}"


def record_headline(record: Record) -> str:
    """The recorded events with their money in one line, such as `2 renewed: charge USD 30.00`."""
    parts = []
    for event in record.events:
        money = [f"{row.kind} {row.currency} {row.amount:f}" for row in event.rows]
        parts.append(f"{event.seq} {event.event}" + (f": {', '.join(money)}" if money else ""))
    return "; ".join(parts)[:SUMMARY_LENGTH]
