"""What listed subscriptions cost, and when and for how much they renew: decided on what the books keep of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.money import Money
from domain.subscription.subscription import Subscription
from perennial.sources.sources import Sources
from perennial.subscription.listing import Row
from statemachines.subscription.lifecycle import Lifecycle
from statemachines.subscription.narrative import charged
from statemachines.subscription.timeline import What, timeline

RENEWALS = frozenset({What.RENEW, What.TRIAL_END})
"""What begins a paid term by itself."""


async def with_renewals(sources: Sources, rows: Sequence[Row]) -> list[Row]:
    """The rows with quantity, price, next renewal and its amount; as they were where the books do not have them yet.

    A row whose record in the books cannot be read says so.
    """
    books = await sources.books()
    known = await books.subscriptions.latest([row.subscription_id for row in rows])
    lifecycle = Lifecycle()
    return [
        _with_renewal(row, known[row.subscription_id], lifecycle) if row.subscription_id in known else row
        for row in rows
    ]


def _with_renewal(row: Row, subscription: Subscription | None, lifecycle: Lifecycle) -> Row:
    if subscription is None:
        return replace(row, unreadable=True)
    renews_at, amount = next_renewal(lifecycle, subscription)
    return replace(
        row,
        quantity=subscription.quantity,
        unit_price=subscription.unit_price,
        currency=subscription.offer.currency,
        renews_at=renews_at,
        renewal=amount,
    )


def next_renewal(lifecycle: Lifecycle, subscription: Subscription) -> tuple[datetime | None, Money | None]:
    """When the next paid term begins, and what is charged then; None for both if it does not renew.

    The amount is without usage, which is not known yet.
    """
    for milestone in timeline(subscription, subscription.last_at):
        if milestone.what in RENEWALS:
            return milestone.at, charged(lifecycle.decide(subscription, milestone, milestone.at))
    return None, None
