"""`show`: one subscription."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from activities.billing.contracts import ListedSubscription
from cli.next_step import worded
from cli.options import Reading, SubscriptionId, with_options
from cli.printing.screen import console, print_facts, print_json, quantity, say, second
from cli.running import use
from cli.subscription.timeline import print_milestones
from domain.next_step import Do, NextStep
from statemachines.subscription.documents import timeline_document

if TYPE_CHECKING:
    from domain.subscription.subscription import Subscription
    from perennial.subscription.views import LivingSubscription
    from workflows.subscription.messages import Details


@with_options
def show(subscription: SubscriptionId, reading: Reading) -> None:
    """Show a subscription.

    Its state, what is allowed now and until when, and what comes next.
    """
    found = use(lambda perennial: perennial.subscriptions.show(subscription), reading.address)
    if reading.as_json:
        print_json(document(found))
    else:
        print_found(found)


def document(found: LivingSubscription | ListedSubscription) -> Any:
    """The subscription, ready for JSON."""
    if isinstance(found, ListedSubscription):
        return found.model_dump(mode="json")
    details = found.details
    return {**details.model_dump(mode="json"), "timeline": timeline_document(details.timeline)}


def print_found(found: LivingSubscription | ListedSubscription) -> None:
    """Print the subscription's facts and, while it lives, what comes next."""
    if isinstance(found, ListedSubscription):
        print_facts(_facts_of_ended(found), heading=f"{found.subscription_id}  {found.state}")
        return
    details = found.details
    print_facts(_facts(details, found.subscription), heading=f"{details.subscription_id}  {details.state}")
    if details.timeline:
        say("")
        print_milestones(console(), found.subscription, details.timeline)


def _facts_of_ended(listed: ListedSubscription) -> Iterator[tuple[str, str]]:
    yield "customer", listed.customer_id
    yield "offer", f"{listed.quantity} x {listed.offer_id}"
    yield "ordered", second(listed.ordered_at)
    yield "ended", second(listed.last_at)


def _after_the_end(details: Details, subscription: Subscription) -> str:
    closes = subscription.usage_closes
    if closes is None or details.now >= closes:
        return "nothing: it has ended"
    return f"nothing: it has ended; usage of before can be reported until {second(closes)} (USE-1)"


def _ending(details: Details) -> Iterator[tuple[str, str]]:
    """How it ends if nothing else happens: what comes first, alone (SUS-4)."""
    if details.state.ended:
        return
    if details.ends_at:
        yield "expiry", f"at {second(details.ends_at)}, because it does not renew"
    elif details.deletes_at:
        words = f"all data is deleted at {second(details.deletes_at)} unless it is reactivated before"
        yield "deletion", f"{words}; it does not renew meanwhile" if details.auto_renew else words


def _facts(details: Details, subscription: Subscription) -> Iterator[tuple[str, str]]:
    from statemachines.subscription.narrative import later_prices

    add_ons = "".join(f" + {quantity(number)} {add_on}" for add_on, number in details.add_ons.items())
    offer = subscription.offer
    yield "customer", details.customer_id
    yield "offer", f"{quantity(details.quantity)} x {details.offer_id}{add_ons}"
    yield "price", f"{offer.currency} {subscription.unit_price:f} a unit, {offer.term} {offer.billing_plan}"
    for change in later_prices(subscription, details.now):
        yield "price then", change
    yield "policy", subscription.policy.name
    if details.term:
        yield "term", f"{details.term.number}: {second(details.term.start)} to {second(details.term.end)}"
    elif details.trial_end:
        yield "trial", f"free until {second(details.trial_end)}"
    yield "auto-renew", "on" if details.auto_renew else "off"
    for hold in details.holds:
        yield "held", f"{hold.reason} since {second(hold.at)}, by {hold.by}"
    yield from _ending(details)
    if details.refund_closes and not details.state.ended:
        yield "refund", f"a cancel is credited until {second(details.refund_closes)} (CXL-4)"
    yield "allowed", ", ".join(details.allowed) or _after_the_end(details, subscription)
    if not details.settled:
        yield "books", f"event {details.seq} is accepted; written up to {details.committed}"
    if details.attention:
        yield "ATTENTION", f"{details.attention}: mend the cause, then send the update retry_effect"
    if details.conflict:
        step = NextStep(Do.SHOW_CONFLICT, details.subscription_id, "See both sides, and settle it")
        yield "conflict", f"{details.conflict.key} does not fit the books. {worded(step)}"
    if details.undelivered:
        step = NextStep(Do.RETRY_NOTIFICATIONS, details.subscription_id, "Fix the cause, then retry")
        yield "ATTENTION", f"{details.undelivered} {worded(step)}"
    elif details.publisher:
        behind = "" if details.told >= details.committed else f" of {details.committed}"
        yield "told", f"{details.publisher}, up to event {details.told}{behind}"
    if details.refused_signal_count:
        last = details.refused_signals[-1]
        yield "refused", f"signals: {details.refused_signal_count}, last {last.do}, {last.rule}: {last.message}"
    yield "as of", f"{second(details.now)} by its own clock"
