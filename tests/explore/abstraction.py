"""Which states are explored once: those that are equal but for their dates.

Kept of a state: everything that is no date (state, who holds it for what, flags, quantity, prices, versions of the
pack), what the offer still decides (trial and set-up only while pending), which add-ons there are, whether something
is left to credit, and whether used units are not billed. Kept of its dates is the order of those to come: milestones,
the close of the refund window, the ends of trial, period, term and rejection, prices to come, and the instants at
which a suspension would be deleted, or a pause end, exactly at the end of a period, trial or term; each with its
distance from the one before (none, one or two microseconds, or more), and whether the first one is now.

Merged are thus: numbers of events, terms and periods; the past; the lengths of months; the amounts, of money and of
add-ons and usage; and how long it is until the first of the dates to come.

Why that is sound: the core does nothing with an instant but compare it with another (the order is kept, also that of
the next suspension's deletion, the only instant that a command sets by a distance of its own while others still run),
and count days for an amount, which no decision reads again but for being zero. A new term (SUS-7, TIM-7) sets all its
instants anew, from one place on. What stays possible: two months of unequal length that order the deletions of a
*second* suspension differently; the commands at later instants find these too, as the instants are chosen anew in
each state. The invariants of the books are checked after each command, before merging, so that no amount is skipped;
and `test_merging_hides_nothing` compares a merged with an unmerged exploration.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import blake2b

from domain.subscription.ends import deletion_instant
from domain.subscription.events import State
from domain.subscription.holds import pause_of
from domain.subscription.subscription import Subscription
from statemachines.preview.simulator import Simulator
from statemachines.subscription.timeline import timeline
from tests.support.instants import MONTH, TICK


def boundaries(subscription: Subscription, now: datetime) -> dict[str, datetime]:
    """The instants after now at which an answer can change, by name."""
    if subscription.state.ended:
        return {}
    found: dict[str, datetime] = {str(milestone.what): milestone.at for milestone in timeline(subscription, now)}
    ends: dict[str, datetime] = {"refund": subscription.refund_closes}
    if end := subscription.commitment_end:
        ends["commitment"] = end
        ends["announcement"] = end - timedelta(days=subscription.offer.announce_days)
    if subscription.term:
        number = subscription.period_at(now)
        ends["period"] = subscription.billing_period(number).end
        ends["following period"] = subscription.billing_period(number + 1).end
    for name in ("commitment", "period"):
        if name in ends and subscription.state is not State.SUSPENDED:
            ends[f"deletion at {name}"] = ends[name] - _retention(subscription, ends[name])
        if name in ends:
            ends[f"pause to {name}"] = ends[name] - MONTH
    ends["longest pause"] = ends.get("commitment", now) - subscription.policy.longest_pause
    if pause := pause_of(subscription.holds):
        ends["longest pause"] = pause.at + subscription.policy.longest_pause
        ends["last pause"] = ends["longest pause"] - MONTH
        assert pause.until is not None
        ends["deletion at pause"] = pause.until - _retention(subscription, now)
    if subscription.deletes_at:
        ends["pause to deletion"] = subscription.deletes_at - MONTH
    if last := subscription.last_change:
        ends["rejection"] = last.period_end
    for index, price in enumerate(subscription.prices):
        ends[f"price {index}"] = price.at
    return {**ends, **found}


def _retention(subscription: Subscription, at: datetime) -> timedelta:
    first = subscription.first_billing or at
    return deletion_instant(at, subscription.policy, subscription.account_opened, first) - at


def instants(subscription: Subscription, now: datetime) -> list[datetime]:
    """Now, and one microsecond before, at and after each boundary to come, in order."""
    beside = {at + tick for at in boundaries(subscription, now).values() for tick in (-TICK, timedelta(0), TICK)}
    return sorted({now, *(at for at in beside if at > now)})


def key(simulator: Simulator, now: datetime) -> int:
    """The number of the state: equal for states that are equal but for their dates."""
    return int.from_bytes(blake2b(repr(tuple(_kept(simulator, now))).encode(), digest_size=8).digest(), "big")


def _kept(simulator: Simulator, now: datetime) -> Iterator[object]:
    subscription = simulator.life.subscription
    offer, pending = subscription.offer, subscription.state is State.PENDING
    yield subscription.policy.name, subscription.policy.version, subscription.next_policy is not None
    yield str(subscription.state)
    if subscription.state.ended:
        return
    yield offer.metered, offer.marketplace, [add_on.unit_price > 0 for add_on in offer.add_ons]
    yield offer.term.months // offer.months_per_period
    waits = offer.trial_days, str(offer.setup), subscription.activated, subscription.begins_at is None
    yield waits if pending else subscription.term is None
    yield subscription.auto_renew, subscription.scheduled_cancellation is None, subscription.announces_at is None
    yield subscription.quantity, sorted(name for name, number in subscription.add_ons.items() if number)
    yield sorted(subscription.scheduled_changes.items())
    yield sorted((str(hold.reason), hold.by, hold.until is not None) for hold in subscription.holds)
    if last := subscription.last_change:
        yield last.before, last.rejects is None, now < last.period_end
    yield subscription.unit_price, [price.unit_price for price in subscription.prices], subscription.catalog_version
    yield sorted((line == offer.id, amount > 0) for line, amount in subscription.refundable.items())
    yield (
        subscription.unbilled is not None and any(one.net for one in subscription.unbilled.usage),
        subscription.unbilled is None,
    )
    since, usage = subscription.first_billing, simulator.book.usage
    waiting = [one for one in usage.values() if one.billed_by is None and since and one.used_at >= since]
    yield bool(usage), any(one.net for one in waiting)
    if subscription.term:
        assert subscription.paid_through is not None
        yield subscription.paid_through < subscription.billing_period(subscription.period_at(now)).end
    yield list(_order(subscription, now))


def _order(subscription: Subscription, now: datetime) -> Iterator[tuple[str, int]]:
    """The boundaries to come, each with its distance from the one before in ticks, at most three; now is the first."""
    before, is_now = now, True
    for name, at in sorted(boundaries(subscription, now).items(), key=lambda place: (place[1], place[0])):
        if at >= now:
            distance = 3 if at - before > 2 * TICK else (at - before) // TICK
            # What is left to ask just before a boundary is asked on the way to it from earlier instants, too.
            yield name, 3 if is_now and distance else distance
            before, is_now = at, is_now and not distance
