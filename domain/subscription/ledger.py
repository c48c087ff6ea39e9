"""The rows that a life writes into the ledger, and the keys that keep each from being written twice (MON-2)."""

from enum import StrEnum

from domain.calendar import Period
from domain.money import Currency
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


def period_key(term: int, period: int, line: str) -> str:
    """The key of a scheduled charge within its subscription (MON-2)."""
    return f"term-{term}/period-{period}/{Kind.CHARGE}/{line}"


def adjustment_key(seq: int, kind: Kind, line: str) -> str:
    """The key of an adjustment by an event, within its subscription: a proration, credit or reactivation (MON-2)."""
    return f"seq-{seq}/{kind}/{line}"


def late_usage_key(seq: int, term: int, period: int, kind: Kind, line: str) -> str:
    """The key of usage of an earlier period that an event bills, within its subscription (USE-2)."""
    return f"seq-{seq}/term-{term}/period-{period}/{kind}/{line}"
