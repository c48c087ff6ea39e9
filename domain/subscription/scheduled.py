"""What is known of the renewal: a cancellation (REN-3), changes of quantities (REN-4), prices (BUY-5)."""

from enum import StrEnum

from domain.subscription.holds import Reason
from domain.values import ExactDecimal, Frozen, Instant


class When(StrEnum):
    """When a change of a quantity is made: at once, or with the next term (REN-4)."""

    NOW = "now"
    RENEWAL = "renewal"


class ScheduledCancellation(Frozen):
    """A cancellation at renewal: auto-renew off, with a reason and an actor (REN-3)."""

    at: Instant
    by: str
    reason: Reason
    details: str | None = None


class PriceFrom(Frozen):
    """A price of the catalog, from an instant on (BUY-5)."""

    at: Instant
    unit_price: ExactDecimal


ScheduledChanges = dict[str, int]
"""The quantities from the next term on, by line: the offer's id or an add-on's, 0 to remove an add-on (REN-4)."""


def in_words(changes: ScheduledChanges, offer_id: str) -> str:
    """Such as `quantity 5 and 0 of add-on backup`: the offer's quantity first. Empty without changes."""
    lines = sorted(changes, key=lambda line: line != offer_id)
    return " and ".join(
        f"quantity {changes[line]}" if line == offer_id else f"{changes[line]} of add-on {line}" for line in lines
    )


def without(changes: ScheduledChanges, line: str) -> ScheduledChanges:
    """What stays scheduled of the other lines."""
    return {other: quantity for other, quantity in changes.items() if other != line}
