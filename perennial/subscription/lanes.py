"""Subscriptions on a line of time: the past from the books, what comes from their servers' states."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from activities.billing.contracts import ListedSubscription
from domain.next_step import Do, NextStep
from perennial.sources.books import NotInBooks
from perennial.sources.sources import Sources
from perennial.subscription.lost import explained
from statemachines.preview.lane import Lane, Whose, living_lane, past_lane

AHEAD = timedelta(days=366)
"""How far ahead is looked; further where the last milestone that is known comes later."""
AT_ONCE = 8
"""How many subscriptions are asked at a time."""
MOST_LANES = 40
"""Of how many of a customer's subscriptions there is a lane; a picture of more could not be read."""


@dataclass(frozen=True)
class Lanes:
    """Lanes, and how many subscriptions more the customer has."""

    lanes: Sequence[Lane]
    left_out: int = 0


async def lane_of(sources: Sources, subscription_id: str) -> Lane:
    """The lane of one subscription, ended or not. Raises NotInBooks and WorkflowFailed."""
    return await _lane(sources, await (await sources.books()).known(subscription_id))


async def lanes_of_customer(sources: Sources, customer_id: str) -> Lanes:
    """The lanes of the customer's subscriptions, the living first, in the order of their ids.

    Raises NotInBooks if the customer has none.
    """
    books, listed = (await sources.books()).subscriptions, list[ListedSubscription]()
    while page := await books.subscriptions(customer_id, after=listed[-1].subscription_id if listed else None):
        listed += page
    if not listed:
        message = f"There is no subscription of customer {customer_id}."
        raise NotInBooks(message, NextStep(Do.LIST_CUSTOMERS))
    listed.sort(key=lambda each: each.state.ended)
    window = asyncio.Semaphore(AT_ONCE)

    async def in_turn(each: ListedSubscription) -> Lane:
        async with window:
            return await _lane(sources, each)

    lanes = await asyncio.gather(*map(in_turn, listed[:MOST_LANES]))
    return Lanes(lanes, len(listed) - len(lanes))


async def _lane(sources: Sources, listed: ListedSubscription) -> Lane:
    books = (await sources.books()).subscriptions
    subscription_id = listed.subscription_id
    events, rows = await books.events(subscription_id), await books.rows(subscription_id)
    if not listed.over:
        subscriptions = (await sources.server()).subscriptions
        details = await explained(sources, subscription_id, subscriptions.details(subscription_id))
        life = await subscriptions.life(subscription_id)
        until = max([details.now + AHEAD, *(milestone.at for milestone in details.timeline)])
        return living_lane(life, events, rows, details.now, until)
    known = (await books.latest([subscription_id])).get(subscription_id)
    whose = Whose.model_validate(listed.model_dump())
    return past_lane(whose, known, events, rows, max(sources.now(), listed.last_at))
