"""Ledger rows as a person reads them."""

from collections.abc import Sequence

from cli.printing.screen import amount
from domain.money import from_minor
from domain.subscription.ledger import Kind, LedgerRow


def signed(row: LedgerRow) -> str:
    """The row's amount, a credit with a minus."""
    return f"{'-' if row.kind is Kind.CREDIT else ''}{amount(row.amount)}"


def balance(rows: Sequence[LedgerRow]) -> str:
    """What was charged and credited, and the difference. Takes at least one row."""
    currency = rows[0].currency
    none = from_minor(0, currency)
    sums = {kind: sum((row.amount for row in rows if row.kind is kind), none) for kind in Kind}
    charged, credited = sums[Kind.CHARGE], sums[Kind.CREDIT]
    if not credited:
        return f"charged {currency} {amount(charged)}"
    return f"charged {currency} {amount(charged)}, credited {amount(credited)}: net {amount(charged - credited)}"
