"""Double entry: each movement of money is one entry, whose postings balance in each currency.

    charge           debit receivable, credit revenue
    credit           debit revenue, credit the customer's credit
    tax              debit receivable, credit tax and, on what is credited, the customer's credit (an invoice is closed)
    credit applied   debit the customer's credit, credit receivable   (an invoice is closed)
    credit settled   debit the customer's credit, credit receivable   (its credit pays an earlier invoice)
    payment          debit payment, credit receivable and, with the rest, the customer's credit
    opening          debit receivable, credit opening   (an invoice of another system is taken over)
    credit note      debit revenue and tax, credit receivable and, with the rest, the customer's credit
    write-off        debit written off, credit receivable
    refund           debit the customer's credit, credit refund   (it is reserved)
    refund paid      debit refund, credit payment
    reversal         debit receivable and what was the customer's credit, credit payment

The database refuses an entry that does not balance, and every change to an entry.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert

from activities.adapters.sql.tables.account import entry, posting
from domain.account.double_entry import (
    BookAccount,
    EntryKind,
    applied_credit_entry_id,
    correction_entry_id,
    opening_entry_id,
    payment_entry_id,
    row_entry_id,
    settlement_entry_id,
    tax_entry_id,
)
from domain.account.events import AccountEvent, AccountEventName
from domain.account.invoice import InvoiceHead
from domain.money import to_minor
from domain.subscription.ledger import Kind

_POST, _ENTER = insert(posting), insert(entry)
ROW_SIDES = {
    Kind.CHARGE: (BookAccount.RECEIVABLE, BookAccount.REVENUE),
    Kind.CREDIT: (BookAccount.REVENUE, BookAccount.CREDIT),
}
"""The account that a ledger row debits, and the one that it credits."""


def enter_rows(connection: Connection, customer_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Enter rows that are written into the ledger."""
    if not rows:
        return
    postings: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    for row in rows:
        key = row_entry_id(row["subscription_id"], row["key"])
        debit, credit = ROW_SIDES[Kind(row["kind"])]
        amount = row["amount_minor"]
        postings += _postings(key, row["currency"], {debit: amount, credit: -amount})
        entries.append({"id": key, "customer_id": customer_id, "at": row["at"], "kind": row["kind"]})
    connection.execute(_POST, postings)
    connection.execute(_ENTER, entries)


def enter_opening(connection: Connection, head: InvoiceHead, at: datetime) -> None:
    """Enter what is owed on an invoice that was taken over at that instant (MOV-6)."""
    owed = to_minor(head.totals.charges, head.currency)
    sides = {BookAccount.RECEIVABLE: owed, BookAccount.OPENING: -owed}
    key = opening_entry_id(head.invoice)
    _enter(connection, key, head.customer_id, at, EntryKind.OPENING, head.currency, sides)


def enter_tax(connection: Connection, head: InvoiceHead) -> None:
    """Enter the tax of a closed invoice: on its charges it is owed, on its credits it is credit (MON-13)."""
    totals, currency = head.totals, head.currency
    charged, credited = to_minor(totals.tax_charged, currency), to_minor(totals.tax_credited, currency)
    if charged or credited:
        of = BookAccount
        sides = {of.RECEIVABLE: charged, of.TAX: credited - charged, of.CREDIT: -credited}
        _enter(connection, tax_entry_id(head.invoice), head.customer_id, head.issued_at, EntryKind.TAX, currency, sides)


def enter_used_credit(connection: Connection, head: InvoiceHead) -> None:
    """Enter the credit that pays a closed invoice's charges, and what it pays on each earlier invoice (MON-5)."""
    used = [(applied_credit_entry_id(head.invoice), EntryKind.CREDIT_APPLIED, head.totals.applied)]
    used += [
        (settlement_entry_id(head.invoice, each.invoice), EntryKind.CREDIT_SETTLED, each.amount)
        for each in head.settles
    ]
    for key, kind, credit in used:
        if amount := to_minor(credit, head.currency):
            sides = {BookAccount.CREDIT: amount, BookAccount.RECEIVABLE: -amount}
            _enter(connection, key, head.customer_id, head.issued_at, kind, head.currency, sides)


def enter_payment(
    connection: Connection,
    customer_id: str,
    payment_id: str,
    at: datetime,
    currency: str,
    *,
    allocated: int,
    credited: int,
) -> None:
    """Enter a payment: what pays invoices and what becomes credit, in minor units."""
    sides = {
        BookAccount.PAYMENT: allocated + credited,
        BookAccount.RECEIVABLE: -allocated,
        BookAccount.CREDIT: -credited,
    }
    key = payment_entry_id(customer_id, payment_id)
    _enter(connection, key, customer_id, at, EntryKind.PAYMENT, currency, sides)


def enter_correction(connection: Connection, customer_id: str, event: AccountEvent) -> None:
    """Enter a correction of money (MON-10)."""
    assert event.currency
    amount = to_minor(event.amount or Decimal(0), event.currency)
    credited = to_minor(event.credited or Decimal(0), event.currency)
    tax = to_minor(event.tax, event.currency)
    of = BookAccount
    kind, sides = {
        AccountEventName.CREDIT_NOTE_ISSUED: (
            EntryKind.CREDIT_NOTE,
            {of.REVENUE: amount - tax, of.TAX: tax, of.RECEIVABLE: credited - amount, of.CREDIT: -credited},
        ),
        AccountEventName.WRITTEN_OFF: (EntryKind.WRITE_OFF, {of.WRITTEN_OFF: amount, of.RECEIVABLE: -amount}),
        AccountEventName.REFUND_RESERVED: (EntryKind.REFUND, {of.CREDIT: amount, of.REFUND: -amount}),
        AccountEventName.REFUND_PAID: (EntryKind.REFUND_PAID, {of.REFUND: amount, of.PAYMENT: -amount}),
        AccountEventName.PAYMENT_REVERSED: (
            EntryKind.REVERSAL,
            {of.RECEIVABLE: amount - credited, of.CREDIT: credited, of.PAYMENT: -amount},
        ),
        AccountEventName.INVOICE_SETTLED: (EntryKind.CREDIT_SETTLED, {of.CREDIT: amount, of.RECEIVABLE: -amount}),
    }[event.event]
    key = correction_entry_id(customer_id, event.seq)
    _enter(connection, key, customer_id, event.at, kind, event.currency, sides)


def _enter(
    connection: Connection,
    key: str,
    customer_id: str,
    at: datetime,
    kind: EntryKind,
    currency: str,
    sides: Mapping[BookAccount, int],
) -> None:
    connection.execute(_POST, list(_postings(key, currency, sides)))
    connection.execute(_ENTER, {"id": key, "customer_id": customer_id, "at": at, "kind": kind.value})


def _postings(key: str, currency: str, sides: Mapping[BookAccount, int]) -> Iterable[dict[str, Any]]:
    moved = ((account, amount) for account, amount in sides.items() if amount)
    for position, (account, amount) in enumerate(moved):
        yield {
            "entry_id": key,
            "position": position,
            "account": account.value,
            "currency": currency,
            "amount_minor": amount,
        }
