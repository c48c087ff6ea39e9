"""The rows that a life writes into the ledger, and the keys that keep each from being written twice (MON-2)."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from domain.calendar import Period
from domain.money import Currency
from domain.values import ExactDecimal, Frozen, Id, Instant, OmitEmpty


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
    tax_class: OmitEmpty[Id | None] = None
    """The offer's (MON-13)."""


def period_key(term: int, period: int, line: str) -> str:
    """The key of a scheduled charge within its subscription (MON-2)."""
    return f"term-{term}/period-{period}/{Kind.CHARGE}/{line}"


def adjustment_key(seq: int, kind: Kind, line: str) -> str:
    """The key of an adjustment by an event, within its subscription: a proration, credit or reactivation (MON-2)."""
    return f"seq-{seq}/{kind}/{line}"


def late_usage_key(seq: int, term: int, period: int, kind: Kind, line: str) -> str:
    """The key of usage of an earlier period that an event bills, within its subscription (USE-2)."""
    return f"seq-{seq}/term-{term}/period-{period}/{kind}/{line}"


class TakenBack(Frozen):
    """A charge, and how much of it a credit takes back."""

    charge: LedgerRow
    amount: ExactDecimal


def charges_taken_back(rows: Iterable[LedgerRow]) -> dict[str, tuple[TakenBack, ...]]:
    """What each credit among the rows of a subscription takes back, by its key; they are in the order of their events.

    A credit takes back charges of its line: those of its own period first, then the newest, each up to what is left of
    it. What another system has charged is not among the rows (MOV-3): nothing takes that back.
    """
    charges: dict[str, list[LedgerRow]] = defaultdict(list)
    left: dict[str, Decimal] = {}
    found: dict[str, tuple[TakenBack, ...]] = {}
    for row in rows:
        if row.kind is Kind.CHARGE:
            charges[row.line].append(row)
            left[row.key] = row.amount
            continue
        wanted, parts = row.amount, []
        newest = charges[row.line][::-1]
        for charge in sorted(newest, key=lambda each: not _overlap(each.period, row.period)):
            if part := min(left[charge.key], wanted):
                parts.append(TakenBack(charge=charge, amount=part))
                left[charge.key] -= part
                wanted -= part
        found[row.key] = tuple(parts)
    return found


def _overlap(one: Period, other: Period) -> bool:
    return one.start < other.end and other.start < one.end
