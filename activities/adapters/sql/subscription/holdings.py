"""The subscriptions that a customer has to each offer; eligibility depends on them (ELG-1, ELG-2, TRI-4)."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, select

from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription import claims
from activities.adapters.sql.tables.orders import order_line
from activities.adapters.sql.tables.subscription import subscription
from activities.orders.contracts import LineStatus
from domain.ordering.eligibility import Owned, Ownership
from domain.ordering.placement import one_per_customer, one_trial
from domain.subscription.events import State

_ENDED = [state.value for state in State if state.ended]
_DECIDED = [LineStatus.PLACED.value, LineStatus.BOUGHT.value]


class SqlHoldings:
    """Reads customers' subscriptions by offer. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def holdings(self, customer_id: str, offer_ids: Collection[str]) -> dict[str, Ownership]:
        """The customer's subscriptions to each offer, and whether its trial is used."""
        return await self._database.read(holdings_of, customer_id, offer_ids)


def holdings_of(connection: Connection, customer_id: str, offer_ids: Collection[str]) -> dict[str, Ownership]:
    """The customer's subscriptions to each offer, oldest first, and then those that are about to start.

    A claim whose holder is not known otherwise counts as a subscription too: its purchase is in progress.
    """
    living = _living(connection, customer_id, offer_ids)
    ones = {offer_id: one_per_customer(customer_id, offer_id).key for offer_id in offer_ids}
    trials = {offer_id: one_trial(customer_id, offer_id).key for offer_id in offer_ids}
    held = claims.holders(connection, [*ones.values(), *trials.values()])
    for offer_id, key in ones.items():
        holder = held.get(key)
        if holder is not None and all(owned.subscription_id != holder for owned in living[offer_id]):
            living[offer_id].append(Owned(subscription_id=holder, state=State.PENDING))
    return {
        offer_id: Ownership(living=tuple(living[offer_id]), trial_of=held.get(trials[offer_id]))
        for offer_id in offer_ids
    }


def not_ended() -> ColumnElement[bool]:
    """Filters `subscription`: it has not ended."""
    return subscription.c.state.not_in(_ENDED)


def about_to_begin() -> ColumnElement[bool]:
    """Filters `order_line`: it is placed, and its subscription has no event on record yet."""
    recorded = select(subscription.c.id).where(subscription.c.id == order_line.c.subscription_id)
    return order_line.c.status.in_(_DECIDED) & ~recorded.exists()


def _living(connection: Connection, customer_id: str, offer_ids: Collection[str]) -> dict[str, list[Owned]]:
    living: dict[str, list[Owned]] = defaultdict(list)
    theirs = (subscription.c.customer_id == customer_id) & subscription.c.offer_id.in_(offer_ids)
    begun = select(subscription.c.offer_id, subscription.c.id, subscription.c.state).where(theirs & not_ended())
    for row in connection.execute(begun.order_by(subscription.c.ordered_at, subscription.c.id)):
        living[row.offer_id].append(Owned(subscription_id=row.id, state=State(row.state)))
    asked = (order_line.c.customer_id == customer_id) & order_line.c.offer_id.in_(offer_ids)
    coming = select(order_line.c.offer_id, order_line.c.subscription_id).where(asked & about_to_begin())
    for line in connection.execute(coming.order_by(order_line.c.subscription_id)):
        living[line.offer_id].append(Owned(subscription_id=line.subscription_id, state=State.PENDING))
    return living
