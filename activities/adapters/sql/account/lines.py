"""Ledger rows as lines of invoices (MON-5)."""

from typing import Any

from sqlalchemy import RowMapping, Select, and_, select

from activities.adapters.sql.ledger import rows as ledger
from activities.adapters.sql.tables.account import invoice_line
from activities.adapters.sql.tables.subscription import ledger_entry, subscription
from domain.account.lines import InvoiceLine

ON_INVOICE = and_(
    invoice_line.c.subscription_id == ledger_entry.c.subscription_id,
    invoice_line.c.seq == ledger_entry.c.seq,
    invoice_line.c.entry_position == ledger_entry.c.position,
)
"""Joins an invoice's line with its row in the ledger."""


def uninvoiced(customer_id: str) -> Select[Any]:
    """Selects the customer's ledger rows that are not on an invoice yet."""
    return (
        select(ledger_entry)
        .join(subscription, subscription.c.id == ledger_entry.c.subscription_id)
        .where(subscription.c.customer_id == customer_id, ~select(1).where(ON_INVOICE).exists())
        .order_by(ledger_entry.c.subscription_id, ledger_entry.c.seq, ledger_entry.c.position)
    )


def line_of(found: RowMapping) -> InvoiceLine:
    """The invoice line of a ledger row; on an invoice, with how it is taxed."""
    taxes = found.get("taxes") or ()
    return InvoiceLine(subscription_id=found["subscription_id"], row=ledger.row_of(found), taxes=taxes)
