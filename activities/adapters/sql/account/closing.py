"""Close a month of a billing account: write its invoices, each ledger row on at most one (MON-5)."""

import hashlib

from pydantic import BaseModel
from sqlalchemy import Connection, insert, select

from activities.accounts.contracts import CloseInput
from activities.adapters.sql.account import series
from activities.adapters.sql.account.lines import line_of, uninvoiced
from activities.adapters.sql.account.taxes import taxing_of
from activities.adapters.sql.ledger import double_entry
from activities.adapters.sql.ledger import rows as ledger
from activities.adapters.sql.tables.account import invoice, invoice_line, invoice_series, invoice_standing, month_close
from activities.adapters.sql.tables.subscription import ledger_entry
from activities.errors import BooksConflict
from domain.account.events import CloseReceipt
from domain.account.invoice import Invoice, InvoiceHead, InvoiceState, invoices_of
from domain.account.taxing import Taxed
from domain.money import to_minor
from domain.values import format_instant
from statemachines.conflicts.account import held_month


def close_month(connection: Connection, entry: CloseInput, taxed: Taxed | None) -> CloseReceipt:
    customer_id, close = entry.customer_id, entry.close
    known = closed_before(connection, entry)
    if known is not None:
        return known
    due = uninvoiced(customer_id).where(ledger_entry.c.at < close.period.end)
    rows = connection.execute(due).mappings().all()
    its_series = series.series_of(connection, customer_id)
    places = {(row["subscription_id"], row["key"]): (row["seq"], row["position"]) for row in rows}
    number, lines = series.last_number(connection, invoice_series, its_series), [line_of(row) for row in rows]
    closed = invoices_of(customer_id, its_series, number, close, lines, taxing_of(connection, lines, taxed))
    if closed:
        series.take(connection, invoice_series, its_series, closed[-1].head.number)
    for document in closed:
        _write(connection, document, places)
    receipt = CloseReceipt(period=close.period, invoices=tuple(document.head for document in closed))
    connection.execute(
        insert(month_close).values(
            customer_id=customer_id, period_end=close.period.end, digest=_digest(close), receipt=receipt
        )
    )
    return receipt


def closed_before(connection: Connection, entry: CloseInput) -> CloseReceipt | None:
    """The receipt of a month that is closed already."""
    end = entry.close.period.end
    of_month = (month_close.c.customer_id == entry.customer_id) & (month_close.c.period_end == end)
    known = connection.execute(select(month_close.c.digest, month_close.c.receipt).where(of_month)).one_or_none()
    if known is None:
        return None
    if known.digest != _digest(entry.close):
        raise BooksConflict(
            f"The month of {entry.customer_id} until {format_instant(end)} is already closed with other content.",
            held_month(entry.close, known.receipt),
        )
    receipt: CloseReceipt = known.receipt
    return receipt


def _write(connection: Connection, document: Invoice, places: dict[tuple[str, str], tuple[int, int]]) -> None:
    head = document.head
    write_head(connection, head)
    columns = ("invoice_id", "position", "subscription_id", "seq", "entry_position", "taxes")
    lines = [
        (head.invoice, position, line.subscription_id, *places[line.subscription_id, line.row.key], line.taxes or None)
        for position, line in enumerate(document.lines)
    ]
    connection.execute(insert(invoice_line), [dict(zip(columns, line, strict=True)) for line in lines])


def write_head(connection: Connection, head: InvoiceHead) -> None:
    """Write an invoice without its lines, with how it stands, and the credit that pays it.

    Raises BooksConflict for an amount that is too large for its column.
    """
    totals, period = head.totals, head.period
    minor = {name: to_minor(getattr(totals, name), head.currency) for name in type(totals).model_fields}
    for name, amount in minor.items():
        if amount > ledger.LARGEST_MINOR:
            raise BooksConflict(f"{head.invoice}: {name} is more than the database can hold.")
    connection.execute(
        insert(invoice).values(
            id=head.invoice,
            series=head.series,
            number=head.number,
            customer_id=head.customer_id,
            currency=head.currency,
            period_start=period and period.start,
            period_end=period and period.end,
            taken_over=head.taken_over,
            issued_at=head.issued_at,
            due_at=head.due_at,
            **{f"{name}_minor": amount for name, amount in minor.items()},
            settles=head.settles,
            tax=head.tax,
        )
    )
    state = InvoiceState.ISSUED if totals.due else InvoiceState.CARRIED
    amounts = dict.fromkeys(("paid_minor", "settled_minor", "corrected_minor"), 0)
    standing = {"customer_id": head.customer_id, "state": state.value, **amounts}
    connection.execute(insert(invoice_standing).values(invoice_id=head.invoice, **standing))
    double_entry.enter_tax(connection, head)
    double_entry.enter_used_credit(connection, head)


def _digest(content: BaseModel) -> str:
    return hashlib.sha256(content.model_dump_json(exclude_defaults=True).encode()).hexdigest()
