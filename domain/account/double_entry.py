"""Double entry: the accounts that an entry debits and credits, and the ids of entries.

Which sides an entry has is not here: the books and the audit each know it, so that one can find the other wrong.
"""

from enum import StrEnum


class BookAccount(StrEnum):
    """The accounts of the double entry."""

    RECEIVABLE = "receivable"
    REVENUE = "revenue"
    CREDIT = "credit"
    PAYMENT = "payment"
    REFUND = "refund"
    """Credit that is reserved, and not paid out yet (MON-10)."""
    TAX = "tax"
    """What is owed to the tax office (MON-13)."""
    WRITTEN_OFF = "written_off"
    """What was given up (MON-10)."""
    OPENING = "opening"
    """What was owed on the day of the move, which another system has charged (MOV-6)."""


class EntryKind(StrEnum):
    """Why money moved."""

    CHARGE = "charge"
    CREDIT = "credit"
    TAX = "tax"
    CREDIT_APPLIED = "credit_applied"
    CREDIT_SETTLED = "credit_settled"
    PAYMENT = "payment"
    OPENING = "opening"
    CREDIT_NOTE = "credit_note"
    WRITE_OFF = "write_off"
    REFUND = "refund"
    REFUND_PAID = "refund_paid"
    REVERSAL = "reversal"


def row_entry_id(subscription_id: str, key: str) -> str:
    return f"row:{subscription_id}:{key}"


def tax_entry_id(invoice: str) -> str:
    return f"tax:{invoice}"


def applied_credit_entry_id(invoice: str) -> str:
    return f"applied:{invoice}"


def settlement_entry_id(invoice: str, settled: str) -> str:
    return f"settled:{invoice}:{settled}"


def opening_entry_id(invoice: str) -> str:
    return f"opening:{invoice}"


def payment_entry_id(customer_id: str, payment_id: str) -> str:
    return f"payment:{customer_id}:{payment_id}"


def correction_entry_id(customer_id: str, seq: int) -> str:
    """Of a correction of money, by its account event (MON-10)."""
    return f"correction:{customer_id}:{seq}"
