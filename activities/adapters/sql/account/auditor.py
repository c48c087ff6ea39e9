"""Audit of billing accounts: invoices, payments and double entry against the ledger (invariant 14)."""

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import Connection, Table, func, select

from activities.adapters.sql.account.lines import line_of
from activities.adapters.sql.account.reader import documents_of, events_of
from activities.adapters.sql.database import PAGE_SIZE, Database
from activities.adapters.sql.tables.account import (
    account,
    credit_note,
    credit_note_series,
    entry,
    invoice,
    invoice_series,
    invoice_standing,
    month_close,
    nonpayment_hold,
    payment,
    posting,
)
from activities.adapters.sql.tables.subscription import ledger_entry, subscription
from activities.errors import one_line
from activities.wall_clock import wall_clock
from domain.account.invoice import Invoice, InvoiceState
from domain.money import from_minor
from domain.values import CLOCK_SKEW
from statemachines.account.standing import Standing
from statemachines.audit.account import AccountViolation, AuditedAccount, audit_account
from statemachines.audit.recorded_account import EntryRecord, HoldRecord, RecordedAccount
from statemachines.audit.subscription import Invariant


class SqlAccountAuditor:
    """Reads only. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database, wall_clock: Callable[[], datetime] = wall_clock) -> None:
        self._database = database
        self._wall_clock = wall_clock

    async def page(self, limit: int = PAGE_SIZE, after: str | None = None) -> list[AuditedAccount]:
        """Audit the next customers, in the order of their ids and in one state of the database."""
        return await self._database.read(_page, limit, after, self._wall_clock() + CLOCK_SKEW)

    async def series(self) -> list[AccountViolation]:
        """The series of numbers of invoices and of credit notes that have gaps (MON-5)."""
        return await self._database.read(lambda connection: list(_gaps(connection)))


def _page(connection: Connection, limit: int, after: str | None, latest: datetime) -> list[AuditedAccount]:
    wanted = select(subscription.c.customer_id).distinct().order_by(subscription.c.customer_id).limit(limit)
    if after is not None:
        wanted = wanted.where(subscription.c.customer_id > after)
    return [_audited(connection, customer_id, latest) for customer_id in connection.scalars(wanted).all()]


def _audited(connection: Connection, customer_id: str, latest: datetime) -> AuditedAccount:
    try:
        recorded = _recorded(connection, customer_id, latest)
        violations = audit_account(recorded)
    except (ValueError, ArithmeticError, KeyError, AssertionError) as error:
        words = one_line(f"its records cannot be read: {str(error) or 'something is missing in one'}")
        unreadable = AccountViolation(customer_id=customer_id, invariant=Invariant.INVOICED, words=words)
        return AuditedAccount(customer_id=customer_id, invoices=0, entries=0, violations=(unreadable,))
    return AuditedAccount(
        customer_id=customer_id,
        invoices=len(recorded.invoices),
        entries=len(recorded.entries),
        violations=tuple(violations),
        noted=tuple(event for event in recorded.events if event.settled),
    )


def _recorded(connection: Connection, customer_id: str, latest: datetime) -> RecordedAccount:
    rows = (
        select(ledger_entry)
        .join(subscription, subscription.c.id == ledger_entry.c.subscription_id)
        .where(subscription.c.customer_id == customer_id)
    )
    invoices = documents_of(connection, customer_id)
    payments = connection.execute(select(payment).where(payment.c.customer_id == customer_id))
    of_customer = select(subscription.c.id).where(subscription.c.customer_id == customer_id)
    test_clock = connection.scalar(of_customer.where(subscription.c.test_clock).limit(1)) is not None
    return RecordedAccount(
        customer_id=customer_id,
        rows=tuple(line_of(row) for row in connection.execute(rows).mappings()),
        invoices=tuple(invoices),
        standings=_standings(connection, customer_id, invoices),
        events=tuple(events_of(connection, customer_id)),
        payments={row.payment_id: (from_minor(row.amount_minor, row.currency), row.currency) for row in payments},
        entries=tuple(_entries(connection, customer_id)),
        receipts=tuple(
            connection.scalars(select(month_close.c.receipt).where(month_close.c.customer_id == customer_id))
        ),
        holds=tuple(_holds(connection, customer_id)),
        terms=connection.scalar(select(account.c.terms).where(account.c.customer_id == customer_id)),
        latest=None if test_clock else latest,
    )


def _standings(connection: Connection, customer_id: str, invoices: list[Invoice]) -> dict[str, Standing]:
    currencies = {document.head.invoice: document.head.currency for document in invoices}
    found = connection.execute(select(invoice_standing).where(invoice_standing.c.customer_id == customer_id))
    return {
        row.invoice_id: Standing(
            state=InvoiceState(row.state),
            paid=from_minor(row.paid_minor, currencies[row.invoice_id]),
            settled=from_minor(row.settled_minor, currencies[row.invoice_id]),
            credited=from_minor(row.corrected_minor, currencies[row.invoice_id]),
        )
        for row in found
        if row.invoice_id in currencies
    }


def _holds(connection: Connection, customer_id: str) -> Iterator[HoldRecord]:
    of_customer = select(nonpayment_hold).where(nonpayment_hold.c.customer_id == customer_id)
    for row in connection.execute(of_customer.order_by(nonpayment_hold.c.seq, nonpayment_hold.c.subscription_id)):
        yield HoldRecord(
            subscription_id=row.subscription_id, seq=row.seq, invoice=row.invoice_id, lifted_by=row.lifted_by
        )


def _entries(connection: Connection, customer_id: str) -> Iterator[EntryRecord]:
    wanted = (
        select(entry.c.id, posting.c.account, posting.c.currency, posting.c.amount_minor)
        .outerjoin(posting, posting.c.entry_id == entry.c.id)
        .where(entry.c.customer_id == customer_id)
        .order_by(entry.c.id, posting.c.position)
    )
    sides: dict[str, list[tuple[str, str, object]]] = {}
    for row in connection.execute(wanted):
        its_sides = sides.setdefault(row.id, [])
        if row.account is not None:
            its_sides.append((row.account, row.currency, from_minor(row.amount_minor, row.currency)))
    for key, its in sides.items():
        yield EntryRecord.model_validate({"id": key, "sides": its})


def _gaps(connection: Connection) -> Iterator[AccountViolation]:
    yield from _gaps_of(connection, "invoices", invoice_series, invoice)
    yield from _gaps_of(connection, "credit notes", credit_note_series, credit_note)


def _gaps_of(connection: Connection, what: str, series: Table, document: Table) -> Iterator[AccountViolation]:
    counted = (
        select(
            series.c.series,
            series.c.last_number.label("taken"),
            func.count(document.c.number).label("count"),
            func.coalesce(func.min(document.c.number), 1).label("first"),
            func.coalesce(func.max(document.c.number), 0).label("last"),
        )
        .outerjoin(document, document.c.series == series.c.series)
        .group_by(series.c.series, series.c.last_number)
    )
    for row in connection.execute(counted.order_by(series.c.series)):
        if (row.first, row.last, row.taken) != (1, row.count, row.count):
            taken = "" if row.taken == row.last else f", the last one taken is {row.taken}"
            words = f"its {what} have {row.count} numbers from {row.first} to {row.last}{taken}: there are gaps"
            yield AccountViolation(customer_id=row.series, invariant=Invariant.INVOICED, words=words)
