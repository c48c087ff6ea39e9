"""Invoices, payments and the journals of accounts in SQL: each call is one transaction."""

import hashlib
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, Row, RowMapping, Select, and_, func, insert, select, update

from activities.accounts.contracts import AccountRecordInput, CloseInput
from activities.adapters.sql.database import Database
from activities.adapters.sql.ledger import double_entry
from activities.adapters.sql.ledger import rows as ledger
from activities.adapters.sql.tables.account import (
    account_event,
    invoice,
    invoice_line,
    invoice_series,
    invoice_standing,
    month_close,
    payment,
)
from activities.adapters.sql.tables.catalog import customer
from activities.adapters.sql.tables.subscription import ledger_entry, subscription
from activities.errors import BooksConflict
from domain.account.events import AccountEvent, AccountEventName, CloseReceipt
from domain.account.invoice import Invoice, InvoiceLine, InvoiceState, invoices_of
from domain.money import to_minor
from domain.values import format_instant


class SqlAccountBooks:
    """The port `AccountBooks`. All methods raise BooksUnavailable, SchemaMismatch or BooksConflict."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def close(self, entry: CloseInput) -> CloseReceipt:
        """Write the invoices of the month, with every row dated before its end that is on none yet (MON-5).

        The same month again gives the same receipt.
        """
        return await self._database.write(_close, entry)

    async def record(self, entry: AccountRecordInput) -> None:
        """Write one decision: journal, payments, double entry and read model. Again changes nothing (MON-2)."""
        await self._database.write(_record, entry)


def uninvoiced(customer_id: str) -> Select[Any]:
    """The customer's rows in the ledger that no invoice has yet."""
    on_an_invoice = and_(
        invoice_line.c.subscription_id == ledger_entry.c.subscription_id,
        invoice_line.c.seq == ledger_entry.c.seq,
        invoice_line.c.entry_position == ledger_entry.c.position,
    )
    return (
        select(ledger_entry)
        .join(subscription, subscription.c.id == ledger_entry.c.subscription_id)
        .where(subscription.c.customer_id == customer_id, ~select(1).where(on_an_invoice).exists())
        .order_by(ledger_entry.c.subscription_id, ledger_entry.c.seq, ledger_entry.c.position)
    )


def line_of(found: RowMapping) -> InvoiceLine:
    """The ledger's row as an invoice has it."""
    return InvoiceLine(subscription_id=found["subscription_id"], row=ledger.row_of(found))


def _close(connection: Connection, entry: CloseInput) -> CloseReceipt:
    customer_id, close = entry.customer_id, entry.close
    known = _closed(connection, entry)
    if known is not None:
        return known
    due = uninvoiced(customer_id).where(ledger_entry.c.at < close.period.end)
    rows = connection.execute(due).mappings().all()
    series = _series_of(connection, customer_id)
    places = {(row["subscription_id"], row["key"]): (row["seq"], row["position"]) for row in rows}
    closed = invoices_of(
        customer_id,
        series,
        _last_number(connection, series),
        close.period,
        close.due_at,
        close.carried_in,
        [line_of(row) for row in rows],
    )
    if closed:
        taken = invoice_series.c.series == series
        connection.execute(update(invoice_series).where(taken).values(last_number=closed[-1].head.number))
    for document in closed:
        _write(connection, document, places)
    receipt = CloseReceipt(period=close.period, invoices=tuple(document.head for document in closed))
    connection.execute(
        insert(month_close).values(
            customer_id=customer_id, period_end=close.period.end, digest=_digest(close), receipt=receipt
        )
    )
    return receipt


def _closed(connection: Connection, entry: CloseInput) -> CloseReceipt | None:
    end = entry.close.period.end
    of_month = (month_close.c.customer_id == entry.customer_id) & (month_close.c.period_end == end)
    known = connection.execute(select(month_close.c.digest, month_close.c.receipt).where(of_month)).one_or_none()
    if known is None:
        return None
    if known.digest != _digest(entry.close):
        raise BooksConflict(
            f"The month of {entry.customer_id} until {format_instant(end)} is closed already, with other content."
        )
    receipt: CloseReceipt = known.receipt
    return receipt


def _series_of(connection: Connection, customer_id: str) -> str:
    """The partner's; a customer without a record has its own."""
    partner: str | None = connection.scalar(select(customer.c.partner_id).where(customer.c.id == customer_id))
    return partner or customer_id


def _last_number(connection: Connection, series: str) -> int:
    """The series' last number. The row is held until the transaction's end: numbers have no gaps (MON-5)."""
    of_series = invoice_series.c.series == series
    last: int | None = connection.scalar(select(invoice_series.c.last_number).where(of_series).with_for_update())
    if last is None:
        connection.execute(insert(invoice_series).values(series=series, last_number=0))
    return last or 0


def _write(connection: Connection, document: Invoice, places: dict[tuple[str, str], tuple[int, int]]) -> None:
    head, totals = document.head, document.head.totals
    minor = {name: to_minor(getattr(totals, name), head.currency) for name in type(totals).model_fields}
    for name, amount in minor.items():
        if amount > ledger.LARGEST_MINOR:
            raise BooksConflict(f"{head.invoice}: {name} comes to more than the books can hold.")
    connection.execute(
        insert(invoice).values(
            id=head.invoice,
            series=head.series,
            number=head.number,
            customer_id=head.customer_id,
            currency=head.currency,
            period_start=head.period.start,
            period_end=head.period.end,
            issued_at=head.issued_at,
            due_at=head.due_at,
            **{f"{name}_minor": amount for name, amount in minor.items()},
        )
    )
    lines = []
    for position, line in enumerate(document.lines):
        seq, entry_position = places[line.subscription_id, line.row.key]
        lines.append(
            {
                "invoice_id": head.invoice,
                "position": position,
                "subscription_id": line.subscription_id,
                "seq": seq,
                "entry_position": entry_position,
            }
        )
    connection.execute(insert(invoice_line), lines)
    state = InvoiceState.ISSUED if totals.due else InvoiceState.CARRIED
    standing = {"customer_id": head.customer_id, "state": state.value, "paid_minor": 0}
    connection.execute(insert(invoice_standing).values(invoice_id=head.invoice, **standing))
    double_entry.enter_applied_credit(connection, head)


def _record(connection: Connection, entry: AccountRecordInput) -> None:
    customer_id, events = entry.customer_id, entry.record.events
    last = connection.scalar(select(func.max(account_event.c.seq)).where(account_event.c.customer_id == customer_id))
    if (last or 0) >= events[0].seq:
        _refuse_other_content(connection, entry)
        return
    for previous, event in enumerate(events, start=last or 0):
        if event.seq != previous + 1:
            raise BooksConflict(f"Account event {event.seq} of {customer_id} cannot follow {previous}.")
        _write_event(connection, customer_id, event)


def _refuse_other_content(connection: Connection, entry: AccountRecordInput) -> None:
    seqs = [event.seq for event in entry.record.events]
    known = connection.scalars(
        select(account_event.c.record)
        .where(account_event.c.customer_id == entry.customer_id, account_event.c.seq.in_(seqs))
        .order_by(account_event.c.seq)
    ).all()
    if tuple(known) != entry.record.events:
        raise BooksConflict(
            f"Account event {seqs[0]} of {entry.customer_id} is recorded already, with other content (MON-2)."
        )


def _write_event(connection: Connection, customer_id: str, event: AccountEvent) -> None:
    connection.execute(
        insert(account_event).values(
            customer_id=customer_id,
            seq=event.seq,
            at=event.at,
            event=event.event.value,
            invoice_id=event.invoice,
            payment_id=event.payment_id,
            record=event,
        )
    )
    if event.event is AccountEventName.PAYMENT_RECEIVED:
        _take_payment(connection, customer_id, event)
    elif event.invoice and event.state:
        _stand(connection, event.invoice, event.state, 0)


def _take_payment(connection: Connection, customer_id: str, event: AccountEvent) -> None:
    assert event.payment_id
    assert event.currency
    assert event.amount is not None
    assert event.credited is not None
    _refuse_known_payment(connection, customer_id, event.payment_id)
    connection.execute(
        insert(payment).values(
            customer_id=customer_id,
            payment_id=event.payment_id,
            seq=event.seq,
            at=event.at,
            currency=event.currency,
            amount_minor=to_minor(event.amount, event.currency),
        )
    )
    parts = [to_minor(part.amount, event.currency) for part in event.allocations]
    credited = to_minor(event.credited, event.currency)
    double_entry.enter_payment(
        connection,
        customer_id,
        event.payment_id,
        event.at,
        event.currency,
        allocated=sum(parts),
        credited=credited,
    )
    for part, minor in zip(event.allocations, parts, strict=True):
        _stand(connection, part.invoice, part.state, minor)


def _refuse_known_payment(connection: Connection, customer_id: str, payment_id: str) -> None:
    known = (payment.c.customer_id == customer_id) & (payment.c.payment_id == payment_id)
    found: Row[Any] | None = connection.execute(select(payment.c.seq).where(known)).one_or_none()
    if found is not None:
        raise BooksConflict(f"Payment {payment_id} of {customer_id} was recorded by event {found.seq} already.")


def _stand(connection: Connection, invoice_id: str, state: InvoiceState, paid_minor: int) -> None:
    of_invoice = invoice_standing.c.invoice_id == invoice_id
    connection.execute(
        update(invoice_standing)
        .where(of_invoice)
        .values(state=state.value, paid_minor=invoice_standing.c.paid_minor + paid_minor)
    )


def _digest(content: BaseModel) -> str:
    return hashlib.sha256(content.model_dump_json(exclude_defaults=True).encode()).hexdigest()
