"""The rows that a life writes into the ledger, and the keys that keep each from being written twice (MON-2)."""

from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from domain.calendar import Period
from domain.money import Currency, round_half_up
from domain.values import ExactDecimal, Frozen, Instant


class Kind(StrEnum):
    """Whether a row charges or credits the customer."""

    CHARGE = "charge"
    CREDIT = "credit"


class LedgerRow(Frozen):
    """One charge or credit. `quantity` counts licences or used units; `amount` is never negative."""

    at: Instant
    kind: Kind
    line: str
    quantity: ExactDecimal
    amount: ExactDecimal
    currency: Currency
    period: Period
    key: str


class UsageCharge(Frozen):
    """A charge for usage, whose units only the books know: the unbilled units that were used between the bounds.

    `used_from` excludes usage in the trial (SUS-10). `used_before` is None if the subscription ends and all usage that
    is left is billed.
    """

    at: Instant
    line: str
    unit_price: ExactDecimal
    currency: Currency
    period: Period
    used_from: Instant
    used_before: Instant | None
    key: str

    def row(self, units: Decimal) -> LedgerRow | None:
        """The ledger row for a number of units, or None if the amount is zero (MON-2)."""
        amount = round_half_up(Fraction(self.unit_price) * Fraction(units), self.currency)
        if not amount:
            return None
        return LedgerRow(kind=Kind.CHARGE, quantity=units, amount=amount, **dict(self))


def period_key(term: int, period: int, line: str) -> str:
    """The key of a scheduled charge within its subscription (MON-2)."""
    return f"term-{term}/period-{period}/{Kind.CHARGE}/{line}"


def adjustment_key(seq: int, kind: Kind, line: str) -> str:
    """The key of an adjustment by an event, within its subscription: a proration, credit or reactivation (MON-2)."""
    return f"seq-{seq}/{kind}/{line}"
