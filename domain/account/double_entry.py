"""Double entry: the accounts that an entry debits and credits, and the ids of entries."""

from enum import StrEnum

from domain.subscription.ledger import Kind


class BookAccount(StrEnum):
    """The accounts of the double entry."""

    RECEIVABLE = "receivable"
    REVENUE = "revenue"
    CREDIT = "credit"
    PAYMENT = "payment"


class EntryKind(StrEnum):
    """Why money moved."""

    CHARGE = "charge"
    CREDIT = "credit"
    CREDIT_APPLIED = "credit_applied"
    PAYMENT = "payment"


ROW_SIDES = {
    Kind.CHARGE: (BookAccount.RECEIVABLE, BookAccount.REVENUE),
    Kind.CREDIT: (BookAccount.REVENUE, BookAccount.CREDIT),
}
"""The account that a ledger row debits, and the one that it credits."""


def row_entry_id(subscription_id: str, key: str) -> str:
    return f"row:{subscription_id}:{key}"


def applied_credit_entry_id(invoice: str) -> str:
    return f"applied:{invoice}"


def payment_entry_id(customer_id: str, payment_id: str) -> str:
    return f"payment:{customer_id}:{payment_id}"
