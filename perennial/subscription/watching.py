"""Watch subscriptions: how they stand, and each event once it is in the books."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from activities.billing.contracts import ListedSubscription
from domain.subscription.events import Event
from perennial.sources.books import Books
from perennial.sources.sources import Sources
from statemachines.subscription.lifecycle import Lifecycle
from statemachines.subscription.narrative import headline
from statemachines.subscription.timeline import Milestone, timeline

EVERY = timedelta(seconds=2)
"""How often the books are looked at: one query, and more only where something happened."""


@dataclass(frozen=True)
class Standing:
    """A subscription after its last event, and what comes next: None where nothing does, or the books do not know."""

    listed: ListedSubscription
    following: Milestone | None
    words: str


@dataclass(frozen=True)
class Look:
    """All that is watched, and the events since the look before, each with its subscription's id."""

    standings: Sequence[Standing]
    events: Sequence[tuple[str, Event]]


async def looks(sources: Sources, subscription_id: str | None, customer_id: str | None) -> AsyncIterator[Look]:
    """A look at once, and then each that found events. It ends when the one subscription has ended for good.

    Of a customer it never ends: another subscription may come. Raises NotInBooks if there is nothing to watch.
    """
    books = await sources.books()
    if subscription_id is not None:
        await books.known(subscription_id)
    elif customer_id is not None:
        await books.require_purchase(customer_id)
    known: dict[str, Standing] = {}
    first = True
    while True:
        found = await _listed(books, subscription_id, customer_id)
        changed = [each for each in found if _seq(known.get(each.subscription_id)) < each.last_seq]
        events = [] if first else [event for each in changed for event in await _since(books, each, known)]
        known |= await _standings(books, changed)
        if first or events:
            yield Look(list(known.values()), sorted(events, key=lambda each: each[1].at))
        first = False
        if subscription_id is not None and all(each.over for each in found):
            return
        await asyncio.sleep(EVERY.total_seconds())


async def _listed(books: Books, subscription_id: str | None, customer_id: str | None) -> list[ListedSubscription]:
    if subscription_id is not None:
        return [await books.known(subscription_id)]
    found: list[ListedSubscription] = []
    while page := await books.subscriptions.subscriptions(
        customer_id, after=found[-1].subscription_id if found else None
    ):
        found += page
    return found


async def _since(books: Books, listed: ListedSubscription, known: dict[str, Standing]) -> list[tuple[str, Event]]:
    last = _seq(known.get(listed.subscription_id))
    events = await books.subscriptions.events(listed.subscription_id)
    return [(listed.subscription_id, event) for event in events if last < event.seq <= listed.last_seq]


async def _standings(books: Books, changed: Sequence[ListedSubscription]) -> dict[str, Standing]:
    states, lifecycle = await books.subscriptions.latest([each.subscription_id for each in changed]), Lifecycle()
    found = {}
    for each in changed:
        state = states.get(each.subscription_id)
        following = next(iter(timeline(state, state.last_at)), None) if state else None
        words = headline(lifecycle, state, following) if state and following else ""
        found[each.subscription_id] = Standing(each, following, words)
    return found


def _seq(standing: Standing | None) -> int:
    return standing.listed.last_seq if standing else 0
