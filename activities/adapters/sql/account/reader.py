"""Read invoices, balances and journals of billing accounts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, select, tuple_

from activities.accounts.balances import Balance, Entry, Posting
from activities.accounts.contracts import IssuedNote, ListedInvoice
from activities.adapters.sql.account.lines import ON_INVOICE, line_of, uninvoiced
from activities.adapters.sql.account.notes import issued_note, issued_notes
from activities.adapters.sql.database import PAGE_SIZE, Database
from activities.adapters.sql.tables.account import (
    account_event,
    entry,
    invoice,
    invoice_line,
    invoice_standing,
    posting,
)
from activities.adapters.sql.tables.subscription import ledger_entry
from domain.account.double_entry import BookAccount
from domain.account.events import AccountEvent, AccountEventName
from domain.account.invoice import Invoice, InvoiceHead, InvoiceState, Totals
from domain.account.lines import InvoiceLine
from domain.calendar import Period
from domain.money import from_minor
from domain.subscription.ledger import Kind
from statemachines.account.standing import Standing, standing_of

LARGEST_NUMBER = 2**31 - 1


class SqlAccountReader:
    """Reads one customer's account, or lists invoices. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def invoices(
        self,
        customer: str | None = None,
        state: InvoiceState | None = None,
        limit: int | None = PAGE_SIZE,
        after: str | None = None,
    ) -> list[ListedInvoice]:
        """One page of the filtered invoices, in the order of their numbers; the next starts `after` the last one."""
        return await self._database.read(_listed, customer, state, limit, after)

    async def invoice(self, invoice_id: str) -> tuple[Invoice, Standing] | None:
        """The invoice and its status. None for an unknown id."""
        return await self._database.read(_invoice, invoice_id)

    async def credit_note(self, note_id: str) -> IssuedNote | None:
        """The credit note of that number. None for an unknown one."""
        return await self._database.read(issued_note, note_id)

    async def credit_notes(self, customer_id: str) -> list[IssuedNote]:
        """Every credit note of the customer, in order."""
        return await self._database.read(issued_notes, customer_id)

    async def documents(self, customer_id: str) -> list[Invoice]:
        """All the customer's invoices, each with its lines, in the order in which they were closed."""
        return await self._database.read(documents_of, customer_id)

    async def events(self, customer_id: str) -> list[AccountEvent]:
        """The account's journal, in order."""
        return await self._database.read(events_of, customer_id)

    async def uninvoiced(self, customer_id: str) -> list[InvoiceLine]:
        """The ledger rows that are not on an invoice yet."""
        return await self._database.read(uninvoiced_of, customer_id)

    async def balances(self, customer_id: str) -> list[Balance]:
        """What the customer owes and has as credit, in each currency."""
        return await self._database.read(balances_of, customer_id)

    async def entries(self, customer_id: str) -> list[Entry]:
        """The customer's double entry, in the order of time."""
        return await self._database.read(entries_of, customer_id)


def head_of(row: RowMapping) -> InvoiceHead:
    """The head of the invoice, as it was when it was closed."""
    currency = row["currency"]
    start, end = row["period_start"], row["period_end"]
    period = None if end is None else Period(start=start, end=end)
    totals = Totals(**{name: from_minor(row[f"{name}_minor"], currency) for name in Totals.model_fields})
    return InvoiceHead.model_validate({**row, "invoice": row["id"], "period": period, "totals": totals})


def events_of(connection: Connection, customer_id: str) -> list[AccountEvent]:
    of_customer = account_event.c.customer_id == customer_id
    found = select(account_event.c.record).where(of_customer).order_by(account_event.c.seq)
    return list(connection.scalars(found))


def uninvoiced_of(connection: Connection, customer_id: str) -> list[InvoiceLine]:
    found = uninvoiced(customer_id).order_by(None).order_by(ledger_entry.c.at, ledger_entry.c.subscription_id)
    ordered = found.order_by(ledger_entry.c.seq, ledger_entry.c.position)
    return [line_of(row) for row in connection.execute(ordered).mappings()]


def documents_of(connection: Connection, customer_id: str) -> list[Invoice]:
    of_customer = select(invoice).where(invoice.c.customer_id == customer_id)
    found = (
        connection.execute(of_customer.order_by(invoice.c.issued_at, invoice.c.currency, invoice.c.id)).mappings().all()
    )
    heads = [head_of(row) for row in found]
    lines = lines_of(connection, [head.invoice for head in heads])
    return [Invoice(head=head, lines=tuple(lines[head.invoice])) for head in heads]


def lines_of(connection: Connection, invoice_ids: Sequence[str]) -> dict[str, list[InvoiceLine]]:
    """The lines of each invoice, in order."""
    wanted = (
        select(ledger_entry, invoice_line.c.invoice_id, invoice_line.c.taxes)
        .join(invoice_line, ON_INVOICE)
        .where(invoice_line.c.invoice_id.in_(invoice_ids))
        .order_by(invoice_line.c.invoice_id, invoice_line.c.position)
    )
    lines: dict[str, list[InvoiceLine]] = defaultdict(list)
    for row in connection.execute(wanted).mappings():
        lines[row["invoice_id"]].append(line_of(row))
    return lines


def balances_of(connection: Connection, customer_id: str) -> list[Balance]:
    wanted = (
        select(posting.c.currency, posting.c.account, func.sum(posting.c.amount_minor).label("amount"))
        .join(entry, entry.c.id == posting.c.entry_id)
        .where(entry.c.customer_id == customer_id)
        .group_by(posting.c.currency, posting.c.account)
    )
    sums: dict[str, dict[str, int]] = defaultdict(dict)
    for row in connection.execute(wanted):
        sums[row.currency][row.account] = int(row.amount)
    waiting = _waiting(uninvoiced_of(connection, customer_id))
    return [
        Balance(
            currency=currency,
            receivable=from_minor(found.get(BookAccount.RECEIVABLE, 0), currency),
            credit=from_minor(-found.get(BookAccount.CREDIT, 0), currency),
            revenue=from_minor(-found.get(BookAccount.REVENUE, 0), currency),
            tax=from_minor(-found.get(BookAccount.TAX, 0), currency),
            payments=from_minor(found.get(BookAccount.PAYMENT, 0), currency),
            uninvoiced_charges=from_minor(0, currency) + waiting[currency, Kind.CHARGE],
            uninvoiced_credits=from_minor(0, currency) + waiting[currency, Kind.CREDIT],
        )
        for currency, found in sorted(sums.items())
    ]


def entries_of(connection: Connection, customer_id: str) -> list[Entry]:
    wanted = (
        select(entry, posting.c.account, posting.c.currency, posting.c.amount_minor)
        .join(posting, posting.c.entry_id == entry.c.id)
        .where(entry.c.customer_id == customer_id)
        .order_by(entry.c.at, entry.c.id, posting.c.position)
    )
    entries: dict[str, Entry] = {}
    for row in connection.execute(wanted):
        known = entries.get(row.id) or Entry(id=row.id, at=row.at, kind=row.kind, currency=row.currency, postings=())
        side = Posting(account=row.account, amount_minor=row.amount_minor)
        entries[row.id] = known.model_copy(update={"postings": (*known.postings, side)})
    return list(entries.values())


def _listed(
    connection: Connection, customer: str | None, state: InvoiceState | None, limit: int | None, after: str | None
) -> list[ListedInvoice]:
    wanted = select(invoice).join(invoice_standing, invoice_standing.c.invoice_id == invoice.c.id)
    if customer is not None:
        wanted = wanted.where(invoice.c.customer_id == customer)
    if state is not None:
        wanted = wanted.where(invoice_standing.c.state == state.value)
    if after is not None:
        wanted = wanted.where(tuple_(invoice.c.series, invoice.c.number) > _place_of(after))
    page = wanted.order_by(invoice.c.series, invoice.c.number).limit(limit)
    heads = [head_of(row) for row in connection.execute(page).mappings()]
    events = _events_by_invoice(connection, page)
    return [ListedInvoice(head=head, standing=standing_of(head, events[head.invoice])) for head in heads]


def _place_of(invoice_id: str) -> tuple[str, int]:
    """Series and number, since as text 1000000 sorts before 999999. Text that is not an invoice id gets a place too."""
    series, _, number = invoice_id.rpartition("-")
    return (series, min(int(number), LARGEST_NUMBER)) if number.isdecimal() else (invoice_id, 0)


def _invoice(connection: Connection, invoice_id: str) -> tuple[Invoice, Standing] | None:
    wanted = select(invoice).where(invoice.c.id == invoice_id)
    found = connection.execute(wanted).mappings().one_or_none()
    if found is None:
        return None
    head = head_of(found)
    lines = lines_of(connection, [invoice_id])[invoice_id]
    events = _events_by_invoice(connection, wanted)[invoice_id]
    return Invoice(head=head, lines=tuple(lines)), standing_of(head, events)


def _events_by_invoice(connection: Connection, wanted: Select[Any]) -> defaultdict[str, list[AccountEvent]]:
    """The journal's events of each of these invoices, in order. One statement, however many invoices there are.

    It reads every payment and credit note of their customers once: which invoices those pay is in no column.
    """
    these = wanted.subquery()
    named = account_event.c.invoice_id.in_(select(these.c.id))
    paying = account_event.c.payment_id.is_not(None) | (
        account_event.c.event == AccountEventName.CREDIT_NOTE_ISSUED.value
    )
    found = select(account_event.c.record).where(
        account_event.c.customer_id.in_(select(these.c.customer_id)), named | paying
    )
    events: defaultdict[str, list[AccountEvent]] = defaultdict(list)
    for event in connection.scalars(found.order_by(account_event.c.customer_id, account_event.c.seq)):
        for invoice_id in {event.invoice, *(part.invoice for part in event.allocations)} - {None}:
            events[invoice_id].append(event)
    return events


def _waiting(lines: Iterable[InvoiceLine]) -> dict[tuple[str, Kind], Decimal]:
    sums: dict[tuple[str, Kind], Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.row.currency, line.row.kind] += line.row.amount
    return sums
