"""The tables of double entry, invoices, payments and accounts.

Amounts are whole minor units of the row's currency; a debit is positive, a credit negative.
"""

from datetime import timedelta

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from activities.adapters.sql.columns import (
    CURRENCY,
    ID,
    WORD,
    InstantText,
    JsonText,
    keys,
    metadata,
    optional,
    required,
)
from domain.account.events import AccountEvent, CloseReceipt
from domain.account.invoice import Settlement
from domain.account.taxing import InvoiceTax, Shares
from domain.account.terms import BillingTerms

INVOICE, ENTRY = String(80), String(300)

entry = Table(
    "entry",
    metadata,
    *keys(id=ENTRY),
    *required(customer_id=ID, at=InstantText, kind=WORD),
    Index(None, "customer_id", "at"),
)
"""One balanced entry of the double entry. Append-only; written after its postings, which it seals."""

posting = Table(
    "posting",
    metadata,
    Column("entry_id", ENTRY, ForeignKey("entry.id", deferrable=True, initially="DEFERRED"), primary_key=True),
    *keys(position=Integer),
    *required(account=WORD, currency=CURRENCY, amount_minor=BigInteger),
    CheckConstraint("amount_minor <> 0", name="amount"),
    CheckConstraint(
        "account IN ('receivable', 'revenue', 'credit', 'payment', 'opening', 'refund', 'written_off', 'tax')",
        name="account",
    ),
)
"""One side of an entry. Append-only."""

invoice_series = Table("invoice_series", metadata, *keys(series=ID), *required(last_number=Integer))
"""The last number of each series, a partner's: taken in the transaction that writes the invoice, so without gaps."""

invoice = Table(
    "invoice",
    metadata,
    *keys(id=INVOICE),
    *required(series=ID, number=Integer, customer_id=ID, currency=CURRENCY),
    *optional(period_start=InstantText, period_end=InstantText, taken_over=INVOICE),
    *required(issued_at=InstantText, due_at=InstantText, charges_minor=BigInteger, credits_minor=BigInteger),
    *required(carried_in_minor=BigInteger, due_minor=BigInteger, settles_minor=BigInteger),
    *required(carried_out_minor=BigInteger, settles=JsonText(tuple[Settlement, ...])),
    *required(tax_charged_minor=BigInteger, tax_credited_minor=BigInteger),
    *optional(tax=JsonText(InvoiceTax)),
    UniqueConstraint("series", "number"),
    UniqueConstraint("customer_id", "currency", "period_end"),
    CheckConstraint(
        "due_minor >= 0 AND settles_minor >= 0 AND carried_out_minor >= 0 "
        "AND (due_minor = 0 OR settles_minor + carried_out_minor = 0) "
        "AND due_minor - settles_minor - carried_out_minor "
        "= charges_minor + tax_charged_minor - credits_minor - tax_credited_minor - carried_in_minor",
        name="totals",
    ),
    CheckConstraint("(period_end IS NULL) = (taken_over IS NOT NULL)", name="taken_over"),
)
"""Invoices as they were closed, with what their credit pays on earlier ones (MON-5). Append-only.

One that was taken over has the number of the system that issued it; it is a series of its own (MOV-6).
"""

invoice_line = Table(
    "invoice_line",
    metadata,
    Column("invoice_id", INVOICE, ForeignKey("invoice.id"), primary_key=True),
    *keys(position=Integer),
    *required(subscription_id=ID, seq=Integer, entry_position=Integer),
    *optional(taxes=JsonText(Shares)),
    ForeignKeyConstraint(
        ["subscription_id", "seq", "entry_position"],
        ["ledger_entry.subscription_id", "ledger_entry.seq", "ledger_entry.position"],
    ),
    UniqueConstraint("subscription_id", "seq", "entry_position"),
)
"""The ledger rows on each invoice, and how each is taxed; a row is on at most one (invariant 14). Append-only."""

invoice_standing = Table(
    "invoice_standing",
    metadata,
    Column("invoice_id", INVOICE, ForeignKey("invoice.id"), primary_key=True),
    *required(customer_id=ID, state=WORD, paid_minor=BigInteger, settled_minor=BigInteger),
    *required(corrected_minor=BigInteger),
    Index(None, "customer_id", "state"),
    Index(None, "state"),
)
"""The read model: the state of each invoice after its account's last event.

`corrected_minor` is what credit notes for it and write-offs took off (MON-10).
"""

credit_note_series = Table("credit_note_series", metadata, *keys(series=ID), *required(last_number=Integer))
"""The last number of a credit note in each series, a partner's: taken as the numbers of invoices are."""

credit_note = Table(
    "credit_note",
    metadata,
    *keys(customer_id=ID, seq=Integer),
    *required(id=INVOICE, series=ID, number=Integer),
    UniqueConstraint("id"),
    UniqueConstraint("series", "number"),
)
"""The number of each credit note, by the account's event that issued it (MON-10). Append-only."""

month_close = Table(
    "month_close",
    metadata,
    *keys(customer_id=ID, period_end=InstantText),
    *required(digest=String(64), receipt=JsonText(CloseReceipt)),
)
"""The months that are closed, so that closing one again changes nothing. Append-only."""

account = Table(
    "account",
    metadata,
    *keys(customer_id=ID),
    *required(opened_at=InstantText, terms=JsonText(BillingTerms), roles=WORD),
    *optional(ahead_by=JsonText(timedelta)),
)
"""How each account was opened; `ahead_by` is the offset of its test clock. Append-only."""

account_event = Table(
    "account_event",
    metadata,
    *keys(customer_id=ID, seq=Integer),
    *required(at=InstantText, event=WORD),
    *optional(invoice_id=INVOICE, payment_id=ID),
    *required(record=JsonText(AccountEvent)),
)
"""What happened to a customer's account (ROL-3). Append-only."""

payment = Table(
    "payment",
    metadata,
    *keys(customer_id=ID, payment_id=ID),
    *required(seq=Integer, at=InstantText, currency=CURRENCY, amount_minor=BigInteger),
    CheckConstraint("amount_minor > 0", name="amount"),
)
"""Payments received, once per id. Append-only."""

nonpayment_hold = Table(
    "nonpayment_hold",
    metadata,
    *keys(customer_id=ID, subscription_id=ID, seq=Integer),
    *optional(invoice_id=INVOICE, lifted_by=Integer),
)
"""On which subscription an account's event `seq` placed a hold and for which invoice, and what lifted it (MON-9)."""
