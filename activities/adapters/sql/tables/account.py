"""The tables of double entry, invoices, payments and accounts.

Amounts are whole minor units of the row's currency; a debit is positive, a credit negative.
"""

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

from activities.adapters.sql.columns import ID, WORD, InstantText, JsonText, metadata
from domain.account.events import AccountEvent, CloseReceipt

INVOICE, ENTRY = String(80), String(300)
CURRENCY = String(3)

entry = Table(
    "entry",
    metadata,
    Column("id", ENTRY, primary_key=True),
    Column("customer_id", ID, nullable=False),
    Column("at", InstantText, nullable=False),
    Column("kind", WORD, nullable=False),
    Index(None, "customer_id", "at"),
)
"""One balanced entry of the double entry. Append-only; written after its postings, which it seals."""

posting = Table(
    "posting",
    metadata,
    Column("entry_id", ENTRY, ForeignKey("entry.id", deferrable=True, initially="DEFERRED"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("account", WORD, nullable=False),
    Column("currency", CURRENCY, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    CheckConstraint("amount_minor <> 0", name="amount"),
    CheckConstraint("account IN ('receivable', 'revenue', 'credit', 'payment')", name="account"),
)
"""One side of an entry. Append-only."""

invoice_series = Table(
    "invoice_series",
    metadata,
    Column("series", ID, primary_key=True),
    Column("last_number", Integer, nullable=False),
)
"""The last number of each series, a partner's: taken in the transaction that writes the invoice, so without gaps."""

invoice = Table(
    "invoice",
    metadata,
    Column("id", INVOICE, primary_key=True),
    Column("series", ID, ForeignKey("invoice_series.series"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("customer_id", ID, nullable=False),
    Column("currency", CURRENCY, nullable=False),
    Column("period_start", InstantText, nullable=False),
    Column("period_end", InstantText, nullable=False),
    Column("issued_at", InstantText, nullable=False),
    Column("due_at", InstantText, nullable=False),
    Column("charges_minor", BigInteger, nullable=False),
    Column("credits_minor", BigInteger, nullable=False),
    Column("carried_in_minor", BigInteger, nullable=False),
    Column("due_minor", BigInteger, nullable=False),
    Column("carried_out_minor", BigInteger, nullable=False),
    UniqueConstraint("series", "number"),
    UniqueConstraint("customer_id", "currency", "period_end"),
    CheckConstraint(
        "due_minor >= 0 AND carried_out_minor >= 0 AND (due_minor = 0 OR carried_out_minor = 0) "
        "AND due_minor - carried_out_minor = charges_minor - credits_minor - carried_in_minor",
        name="totals",
    ),
)
"""Invoices as they were closed (MON-5). Append-only."""

invoice_line = Table(
    "invoice_line",
    metadata,
    Column("invoice_id", INVOICE, ForeignKey("invoice.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("subscription_id", ID, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("entry_position", Integer, nullable=False),
    ForeignKeyConstraint(
        ["subscription_id", "seq", "entry_position"],
        ["ledger_entry.subscription_id", "ledger_entry.seq", "ledger_entry.position"],
    ),
    UniqueConstraint("subscription_id", "seq", "entry_position"),
)
"""The ledger rows on each invoice; a row is on at most one (invariant 14). Append-only."""

invoice_standing = Table(
    "invoice_standing",
    metadata,
    Column("invoice_id", INVOICE, ForeignKey("invoice.id"), primary_key=True),
    Column("customer_id", ID, nullable=False),
    Column("state", WORD, nullable=False),
    Column("paid_minor", BigInteger, nullable=False),
    Index(None, "customer_id", "state"),
    Index(None, "state"),
)
"""The read model: the state of each invoice after its account's last event."""

month_close = Table(
    "month_close",
    metadata,
    Column("customer_id", ID, primary_key=True),
    Column("period_end", InstantText, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("receipt", JsonText(CloseReceipt), nullable=False),
)
"""The months that are closed, so that closing one again changes nothing. Append-only."""

account_event = Table(
    "account_event",
    metadata,
    Column("customer_id", ID, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", InstantText, nullable=False),
    Column("event", WORD, nullable=False),
    Column("invoice_id", INVOICE),
    Column("payment_id", ID),
    Column("record", JsonText(AccountEvent), nullable=False),
)
"""What happened to a customer's account (ROL-3). Append-only."""

payment = Table(
    "payment",
    metadata,
    Column("customer_id", ID, primary_key=True),
    Column("payment_id", ID, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("at", InstantText, nullable=False),
    Column("currency", CURRENCY, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    CheckConstraint("amount_minor > 0", name="amount"),
)
"""Payments received, once per id. Append-only."""

nonpayment_hold = Table(
    "nonpayment_hold",
    metadata,
    Column("customer_id", ID, primary_key=True),
    Column("subscription_id", ID, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("lifted_by", Integer),
)
"""On which subscription an account's event `seq` placed a hold, and which event lifted it (SUS-9)."""
