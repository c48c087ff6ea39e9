"""Which subscriptions a bulk operation is about."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from activities.adapters.sql.subscription.holdings import not_ended
from activities.adapters.sql.tables.catalog import customer, offer
from activities.adapters.sql.tables.subscription import subscription
from domain.bulk.requests import Selection

AT_ONCE = 500
"""How many ids one statement looks up."""


def matching(connection: Connection, selection: Selection) -> list[str]:
    """The ids of all that have not ended and fit the filters, in order."""
    wanted = select(subscription.c.id).where(not_ended()).order_by(subscription.c.id)
    columns = {"customer_id": selection.customer, "offer_id": selection.offer, "state": selection.state}
    for name, value in columns.items():
        if value is not None:
            wanted = wanted.where(subscription.c[name] == value)
    if selection.publisher is not None:
        of_publisher = select(offer.c.id).where(offer.c.vendor == selection.publisher)
        wanted = wanted.where(subscription.c.offer_id.in_(of_publisher))
    if selection.partner is not None:
        of_partner = select(customer.c.id).where(customer.c.partner_id == selection.partner)
        wanted = wanted.where(subscription.c.customer_id.in_(of_partner))
    return list(connection.scalars(wanted))


def unknown(connection: Connection, subscription_ids: Sequence[str]) -> set[str]:
    """Those of the ids that the books do not have."""
    known: set[str] = set()
    for first in range(0, len(subscription_ids), AT_ONCE):
        some = subscription_ids[first : first + AT_ONCE]
        known.update(connection.scalars(select(subscription.c.id).where(subscription.c.id.in_(some))))
    return set(subscription_ids) - known
