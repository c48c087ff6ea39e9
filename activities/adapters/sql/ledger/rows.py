"""Convert charges and credits to rows of the ledger and back. Amounts are whole minor units."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import RowMapping

from activities.errors import BooksConflict
from domain.calendar import Period
from domain.money import from_minor, to_minor
from domain.subscription.ledger import LedgerRow

LARGEST_MINOR = 2**63 - 1


def entries_of(
    subscription_id: str, seq: int, metered: Sequence[LedgerRow], rows: Sequence[LedgerRow]
) -> Iterator[dict[str, Any]]:
    """The rows of one event in the order in which they are written, metered rows first.

    Raises BooksConflict for an amount that is too large for its column.
    """
    for position, row in enumerate([*metered, *rows]):
        minor = to_minor(row.amount, row.currency)
        if minor > LARGEST_MINOR:
            raise BooksConflict(f"{row.key} comes to {row.currency} {row.amount:f}, more than the ledger can hold.")
        yield {
            "subscription_id": subscription_id,
            "seq": seq,
            "position": position,
            "metered": position < len(metered),
            "at": row.at,
            "kind": row.kind.value,
            "line": row.line,
            "quantity": row.quantity,
            "amount_minor": minor,
            "currency": row.currency,
            "period_start": row.period.start,
            "period_end": row.period.end,
            "key": row.key,
            "tax_class": row.tax_class,
        }


def row_of(entry: RowMapping) -> LedgerRow:
    """The row that was written."""
    amount = from_minor(entry["amount_minor"], entry["currency"])
    period = Period(start=entry["period_start"], end=entry["period_end"])
    return LedgerRow.model_validate({**entry, "amount": amount, "period": period})
