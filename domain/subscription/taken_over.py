"""What the journal keeps of a subscription's time in another system (MOV-1)."""

from collections.abc import Mapping
from decimal import Decimal

from pydantic import JsonValue

from domain.values import ExactDecimal, Frozen, Instant


class TakenOver(Frozen):
    """The row that a subscription was taken over by, and what counts as charged before.

    `charged` is per line what a credit can give back of it at most (MOV-3). The other system charged up to
    `paid_through`, the end of billing period `period` of term `term`; None in a trial.
    """

    row: dict[str, JsonValue]
    charged: dict[str, ExactDecimal] = {}
    term: int = 0
    period: int = 0
    paid_through: Instant | None = None


def charged_before(taken_over: TakenOver | None) -> Mapping[str, Decimal]:
    """What counts as charged per line before the first event; nothing for a subscription that was bought here."""
    return taken_over.charged if taken_over else {}
