"""Rebuilds a subscription's life from the books."""

from collections.abc import Iterator
from itertools import pairwise

from domain.catalog.offers import PinnedOffer
from domain.subscription.access import gaps_after
from domain.subscription.decision import Answered
from domain.subscription.effects import CountUsage, change_of_access
from domain.subscription.events import Event
from domain.subscription.pricing import refundable_in
from domain.subscription.subscription import Snapshot, Subscription
from domain.values import Frozen, Instant
from statemachines.subscription.life import EVENTS_KEPT, Life


class Booked(Frozen):
    """What the books have of a subscription.

    `events` are all of its journal, `decisions` the numbers of the first events of its decisions. `answered` are the
    last first answers, oldest first; `confirmed` are the numbers of the events whose change of access is confirmed.
    """

    subscription_id: str
    customer_id: str
    offer: PinnedOffer
    ordered_at: Instant
    snapshot: Snapshot
    events: tuple[Event, ...]
    decisions: tuple[int, ...]
    answered: tuple[Answered, ...] = ()
    confirmed: frozenset[int] = frozenset()


def rebuilt(booked: Booked) -> Life:
    """The life after its last recorded decision, with the count of usage and the change of access that are missing.

    The books do not have: answers to refused and unchanged commands, refused signals, and what was decided but not
    recorded. Commands are not dated before the last event.
    """
    last = booked.events[-1]
    life = Life(
        subscription=_subscription(booked),
        recent=booked.events[-EVENTS_KEPT:],
        committed=last.seq,
        provisioned=last.seq,
        accepted_at=last.at,
    )
    for entry in booked.answered:
        life = life.remembering(entry)
    subscription = life.subscription
    count = CountUsage.of(subscription, last.at) if subscription.unbilled is None else None
    counting = (count,) if count else ()
    settled = {event.settled.key for event in booked.events if event.settled}
    for events in _decisions(booked):
        change = change_of_access(events)
        if change is not None and change.seq not in booked.confirmed and change.key not in settled:
            return life.model_copy(update={"effects": (*counting, change), "provisioned": events[0].seq - 1})
        if change is not None:
            break
    return life.model_copy(update={"effects": counting})


def _subscription(booked: Booked) -> Subscription:
    last, snapshot = booked.events[-1], booked.snapshot
    journalled = {name: value for name, value in last.after if name != "holds"}
    gaps = snapshot.gaps
    if booked.offer.metered and not gaps:
        # A snapshot of an earlier version has none.
        for event in booked.events:
            gaps = gaps_after(gaps, event.at, access=event.state.users_have_access)
    return Subscription(
        **{**dict(snapshot), **journalled, "gaps": gaps},
        subscription_id=booked.subscription_id,
        customer_id=booked.customer_id,
        offer=booked.offer,
        ordered_at=booked.ordered_at,
        last_at=last.at,
        refundable=refundable_in(booked.events, snapshot.window_from),
    )


def _decisions(booked: Booked) -> Iterator[tuple[Event, ...]]:
    """The events of each decision, the last one first."""
    bounds = pairwise([*booked.decisions, booked.events[-1].seq + 1])
    for first, following in reversed(list(bounds)):
        yield booked.events[first - 1 : following - 1]
