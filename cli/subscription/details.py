"""`show`: one subscription."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cli.next_step import worded
from cli.options import Reading, SubscriptionId, with_options
from cli.printing.screen import console, moment, print_facts, print_json, printable, quantity, say, second
from cli.rule_words import words_of
from cli.running import use
from cli.subscription.timeline import print_milestones
from domain.next_step import Do, NextStep
from domain.subscription.scheduled import in_words
from perennial.subscription.views import EndedSubscription, LivingSubscription
from statemachines.subscription.documents import timeline_document

if TYPE_CHECKING:
    from domain.subscription.events import Event
    from domain.subscription.subscription import Subscription
    from workflows.subscription.messages import Details


@with_options
def show(subscription: SubscriptionId, reading: Reading) -> None:
    """Show a subscription.

    Its state, what is allowed now and until when, and what comes next.

    Example: show crm-1
    """
    found = use(lambda perennial: perennial.subscriptions.show(subscription), reading.address)
    if reading.as_json:
        print_json(document(found))
    else:
        print_found(found)


def document(found: LivingSubscription | EndedSubscription) -> Any:
    """The subscription, ready for JSON; `ended` says when and why, where it has ended."""
    ended = {"ended": _ending_document(found.ending)} if found.ending else {}
    if isinstance(found, EndedSubscription):
        return {**found.listed.model_dump(mode="json"), **ended}
    details = found.details
    return {**details.model_dump(mode="json"), "timeline": timeline_document(details.timeline), **ended}


def _ending_document(ending: Event) -> dict[str, Any]:
    fields = {"seq", "at", "event", "rule", "by", "actor", "reason", "details", "command_id"}
    credited = ending.credited
    return {
        **ending.model_dump(mode="json", include=fields),
        "credited": credited.model_dump(mode="json") if credited else None,
    }


def print_found(found: LivingSubscription | EndedSubscription) -> None:
    """Print the subscription's facts and, while it lives, what comes next."""
    if isinstance(found, EndedSubscription):
        listed = found.listed
        print_facts(_facts_of_ended(found), heading=f"{listed.subscription_id}  {listed.state}")
        return
    details = found.details
    print_facts(_facts(found), heading=f"{details.subscription_id}  {details.state}")
    if details.timeline:
        say("")
        print_milestones(console(), found.subscription, details.timeline)


def _facts_of_ended(found: EndedSubscription) -> Iterator[tuple[str, str]]:
    listed = found.listed
    add_ons = "".join(f" + {quantity(number)} {add_on}" for add_on, number in listed.add_ons.items())
    yield "customer", listed.customer_id
    yield "offer", f"{quantity(listed.quantity)} x {listed.offer_id}{add_ons}"
    yield "ordered", second(listed.ordered_at)
    if found.ending:
        yield from _ended(found.ending)


def _ended(ending: Event) -> Iterator[tuple[str, str]]:
    """When it ended, why, and what was credited for it."""
    words = words_of(ending.rule)
    by = f"{ending.actor} ({ending.by})" if ending.actor else ending.by
    yield "ended", second(ending.at)
    yield "because", f"{ending.event} by {printable(by)}: {ending.rule}{f', {words}' if words else ''}"
    if ending.reason or ending.details:
        yield "reason", printable("; ".join(filter(None, (ending.reason, ending.details))))
    yield "credited", str(ending.credited or "nothing")


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


def _prices(details: Details, subscription: Subscription) -> Iterator[tuple[str, str]]:
    """The price, and what changes at the renewal (REN-4, BUY-5)."""
    from statemachines.subscription.narrative import later_prices

    offer = subscription.offer
    yield "price", f"{offer.currency} {subscription.unit_price:f} a unit, {offer.term} {offer.billing_plan}"
    if changes := in_words(details.scheduled_changes, details.offer_id):
        yield "at renewal", changes
    for change in later_prices(subscription, details.now):
        yield "price then", change


def _facts(found: LivingSubscription) -> Iterator[tuple[str, str]]:
    details, subscription = found.details, found.subscription
    add_ons = "".join(f" + {quantity(number)} {add_on}" for add_on, number in details.add_ons.items())
    yield "customer", details.customer_id
    yield "offer", f"{quantity(details.quantity)} x {details.offer_id}{add_ons}"
    yield from _prices(details, subscription)
    yield "policy", subscription.policy.name
    if details.term:
        yield "term", f"{details.term.number}: {second(details.term.start)} to {second(details.term.end)}"
    elif details.trial_end:
        yield "trial", f"free until {second(details.trial_end)}"
    yield "auto-renew", "on" if details.auto_renew else "off"
    for hold in details.holds:
        until = f" until {second(hold.until)}" if hold.until else ""
        yield "held", f"{hold.reason} since {second(hold.at)}{until}, by {hold.by}"
    yield from _ended(found.ending) if found.ending else _ending(details)
    if details.refund_closes and not details.state.ended:
        yield "refund", f"a cancel is credited until {second(details.refund_closes)} (CXL-4)"
    if details.late_by:
        yield "spread", f"renewals and charges come {details.late_by.total_seconds():.0f} s after the times shown"
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
    yield "as of", f"{moment(details.now)} by its own clock"
