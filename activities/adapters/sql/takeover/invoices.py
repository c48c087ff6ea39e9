"""Open invoices where subscriptions move: those that were taken over, and those that an export gives (MOV-6)."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from sqlalchemy import Connection, RowMapping, func, select

from activities.adapters.sql.account.lines import ON_INVOICE
from activities.adapters.sql.account.openings import charged_there
from activities.adapters.sql.account.reader import head_of
from activities.adapters.sql.tables.account import invoice, invoice_line, invoice_standing
from activities.adapters.sql.tables.subscription import ledger_entry
from activities.adapters.sql.takeover.by_ids import by_ids
from domain.account.invoice import InvoiceState
from domain.account.openings import Opening, OpenInvoice
from domain.money import from_minor
from domain.subscription.ledger import Kind

_UNPAID = invoice_standing.c.state.in_([state.value for state in InvoiceState if state.unpaid])


def taken_over(connection: Connection, customers: Collection[str]) -> dict[str, dict[str, OpenInvoice]]:
    """What the other system said of the invoices that were taken over, by customer and by their ids here."""
    found: dict[str, dict[str, OpenInvoice]] = defaultdict(dict)
    wanted = select(invoice).where(invoice.c.taken_over.is_not(None))
    for row in by_ids(connection, wanted, invoice.c.customer_id, customers):
        opening = Opening(head=head_of(row))
        found[opening.head.customer_id][opening.head.invoice] = opening.invoice
    return found


def unpaid(connection: Connection, customer: str | None) -> int:
    """How many invoices are unpaid."""
    wanted = select(func.count()).select_from(invoice_standing).where(_UNPAID)
    if customer is not None:
        wanted = wanted.where(invoice_standing.c.customer_id == customer)
    return connection.scalars(wanted).one()


def owed_for(connection: Connection, customers: Collection[str]) -> dict[str, list[OpenInvoice]]:
    """By subscription, the unpaid invoices that charge it, the one that is due first before the others.

    Each with what is owed on the whole of it, also where it charges several.
    """
    found: dict[str, list[OpenInvoice]] = defaultdict(list)
    rows = sorted(_owing(connection, customers), key=lambda row: (row["due_at"], row["id"]))
    charged = _charged(connection, [row["id"] for row in rows if row["taken_over"] is None])
    for row in rows:
        before = row["taken_over"]
        minor = row["due_minor"] - row["paid_minor"] - row["settled_minor"] - row["corrected_minor"]
        owing = OpenInvoice(
            number=before or row["id"],
            currency=row["currency"],
            amount=from_minor(minor, row["currency"]),
            issued_at=row["issued_at"],
            due_at=row["due_at"],
        )
        there = charged_there(connection, row["customer_id"], row["id"]) if before else charged[row["id"]]
        for subscription_id in there:
            found[subscription_id].append(owing)
    return found


def _owing(connection: Connection, customers: Collection[str]) -> Iterator[RowMapping]:
    amounts = invoice_standing.c.paid_minor, invoice_standing.c.settled_minor, invoice_standing.c.corrected_minor
    wanted = select(invoice, *amounts).join(invoice_standing, invoice_standing.c.invoice_id == invoice.c.id)
    return by_ids(connection, wanted.where(_UNPAID), invoice_standing.c.customer_id, customers)


def _charged(connection: Connection, invoices: list[str]) -> dict[str, list[str]]:
    """The subscriptions that each invoice charges."""
    found: dict[str, list[str]] = defaultdict(list)
    its = select(invoice_line.c.invoice_id, ledger_entry.c.subscription_id).distinct().join(invoice_line, ON_INVOICE)
    charges = its.where(ledger_entry.c.kind == Kind.CHARGE.value)
    for row in by_ids(connection, charges, invoice_line.c.invoice_id, invoices):
        found[row["invoice_id"]].append(row["subscription_id"])
    return found
