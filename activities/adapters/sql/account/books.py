"""The journals, payments and invoices of billing accounts in SQL. Each call is one transaction."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import Connection, func, insert, select, update

from activities.accounts.contracts import (
    AccountOpening,
    AccountReceipt,
    AccountRecordInput,
    AskedCorrection,
    AskedPayment,
    CloseInput,
    Late,
    LookInput,
    OpenedAccount,
)
from activities.adapters.sql import locks
from activities.adapters.sql.account import conflicts, holds, notes, openings, payments
from activities.adapters.sql.account.closing import close_month, write_head
from activities.adapters.sql.account.lines import line_of, uninvoiced
from activities.adapters.sql.account.opening import open_account
from activities.adapters.sql.account.taxes import case_of, taxing_of
from activities.adapters.sql.database import Database
from activities.adapters.sql.ledger import double_entry
from activities.adapters.sql.subscription.dating import refuse_ahead
from activities.adapters.sql.tables.account import account_event, invoice_standing
from activities.adapters.sql.tables.subscription import ledger_entry, subscription
from activities.errors import BooksConflict
from activities.wall_clock import wall_clock
from domain.account.account import Payment, Seen
from domain.account.events import AccountEvent, AccountEventName, CloseReceipt
from domain.account.invoice import InvoiceState
from domain.account.lines import net_credits
from domain.account.openings import Opening
from domain.account.recalled import Recalled
from domain.account.taxing import Taxed
from domain.money import to_minor
from domain.taxes.sale import TaxCase
from domain.values import CLOCK_SKEW


class SqlAccountBooks:
    """The port `AccountBooks`. All methods raise BooksUnavailable, SchemaMismatch or BooksConflict."""

    def __init__(self, database: Database, wall_clock: Callable[[], datetime] = wall_clock) -> None:
        self._database = database
        self._wall_clock = wall_clock

    async def open(self, opening: AccountOpening) -> OpenedAccount:
        return await self._database.write_under([locks.customer(opening.customer_id)], open_account, opening)

    async def close(self, entry: CloseInput, taxed: Taxed | None = None) -> CloseReceipt:
        its = [locks.customer(entry.customer_id)]
        return await self._database.write_under(its, _close, entry, self._latest(entry), taxed)

    async def record(self, entry: AccountRecordInput) -> AccountReceipt:
        its = [locks.customer(entry.customer_id)]
        try:
            return await self._database.write_under(its, _record, entry, self._latest(entry))
        except BooksConflict as error:
            raise BooksConflict(str(error), await self._database.read(conflicts.held, entry)) from None

    async def look(self, entry: LookInput, taxed: Taxed | None = None) -> Seen:
        return await self._database.read(_look, entry, taxed)

    async def to_tax(self, customer_id: str, before: datetime) -> TaxCase | None:
        return await self._database.read(case_of, customer_id, before)

    async def late(self, customer_id: str, before: datetime) -> Late | None:
        return await self._database.read(_late, customer_id, before)

    async def overdue(self, customer_id: str) -> bool:
        return await self._database.read(_overdue, customer_id)

    async def payment(self, asked: AskedPayment) -> Payment | None:
        return await self._database.read(payments.payment_of, asked)

    async def recalled(self, asked: AskedCorrection) -> Recalled:
        return await self._database.read(conflicts.recall, asked)

    def _latest(self, entry: CloseInput | AccountRecordInput) -> datetime:
        """The latest date that the entry may have."""
        return datetime.max.replace(tzinfo=UTC) if entry.test_clock else self._wall_clock() + CLOCK_SKEW


def _close(connection: Connection, entry: CloseInput, latest: datetime, taxed: Taxed | None) -> CloseReceipt:
    refuse_ahead(connection, f"A month of {entry.customer_id}", entry.close.period.end, latest)
    return close_month(connection, entry, taxed)


def _record(connection: Connection, entry: AccountRecordInput, latest: datetime) -> AccountReceipt:
    record(connection, entry, latest)
    seqs = [event.seq for event in entry.record.events if event.event is AccountEventName.CREDIT_NOTE_ISSUED]
    found = notes.notes_of(connection, entry.customer_id, seqs) if seqs else ()
    return AccountReceipt(credit_notes=tuple(found))


def record(
    connection: Connection, entry: AccountRecordInput, latest: datetime, before: AccountReceipt | None = None
) -> bool:
    """Write the decision; False if the books have it already. Its credit notes keep the numbers of `before`."""
    customer_id, events = entry.customer_id, entry.record.events
    last = connection.scalar(select(func.max(account_event.c.seq)).where(account_event.c.customer_id == customer_id))
    if (last or 0) >= events[0].seq:
        _refuse_other_content(connection, entry)
        return False
    refuse_ahead(connection, f"Account event {events[-1].seq} of {customer_id}", events[-1].at, latest)
    for previous, event in enumerate(events, start=last or 0):
        if event.seq != previous + 1:
            raise BooksConflict(f"Account event {event.seq} of {customer_id} cannot follow {previous}.")
        _write_event(connection, customer_id, event)
        if event.event is AccountEventName.CREDIT_NOTE_ISSUED:
            _number(connection, customer_id, event.seq, before)
    return True


def _number(connection: Connection, customer_id: str, seq: int, before: AccountReceipt | None) -> None:
    known = next((note for note in before.credit_notes if note.seq == seq), None) if before else None
    if known is None:
        notes.number_note(connection, customer_id, seq)
    else:
        notes.number_again(connection, customer_id, known)


def _look(connection: Connection, entry: LookInput, taxed: Taxed | None) -> Seen:
    found = connection.execute(uninvoiced(entry.customer_id).where(ledger_entry.c.at < entry.look.until)).mappings()
    lines = [line_of(each) for each in found]
    return Seen(at=entry.look.at, credit=net_credits(lines, taxing_of(connection, lines, taxed)))


def _late(connection: Connection, customer_id: str, before: datetime) -> Late | None:
    columns = subscription.c
    wanted = (columns.customer_id == customer_id) & (columns.next_at < before)
    found = connection.execute(select(columns.id, columns.next_at).where(wanted).order_by(columns.next_at).limit(1))
    row = found.one_or_none()
    return Late(subscription_id=row.id, due_at=row.next_at) if row else None


def _overdue(connection: Connection, customer_id: str) -> bool:
    columns = invoice_standing.c
    wanted = (columns.customer_id == customer_id) & (columns.state == InvoiceState.OVERDUE.value)
    return connection.scalar(select(columns.invoice_id).where(wanted).limit(1)) is not None


def _refuse_other_content(connection: Connection, entry: AccountRecordInput) -> None:
    seqs = [event.seq for event in entry.record.events]
    known = connection.scalars(
        select(account_event.c.record)
        .where(account_event.c.customer_id == entry.customer_id, account_event.c.seq.in_(seqs))
        .order_by(account_event.c.seq)
    ).all()
    if tuple(known) != entry.record.events:
        raise BooksConflict(
            f"Account event {seqs[0]} of {entry.customer_id} is already recorded with other content (MON-2)."
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
        payments.take(connection, customer_id, event)
    elif event.opening:
        _open_with(connection, event.seq, event.at, event.opening)
    elif event.corrects:
        double_entry.enter_correction(connection, customer_id, event)
    _stand_after(connection, event)


def _stand_after(connection: Connection, event: AccountEvent) -> None:
    """Note what the event does to each invoice that it names or pays."""
    named = event.event is AccountEventName.CREDIT_NOTE_ISSUED and event.invoice
    for part in event.allocations:
        minor = to_minor(part.amount, event.currency or "")
        if event.event is AccountEventName.PAYMENT_RECEIVED:
            _stand(connection, part.invoice, part.state, paid=minor)
        elif event.event is AccountEventName.PAYMENT_REVERSED:
            _stand(connection, part.invoice, part.state, paid=-minor)
        elif part.invoice == named:
            _stand(connection, part.invoice, part.state, corrected=minor)
        else:
            _stand(connection, part.invoice, part.state, settled=minor)
    if event.opening or not event.invoice or not event.state:
        return
    amount = to_minor(event.amount or Decimal(0), event.currency or "") if event.currency else 0
    settled = amount if event.event is AccountEventName.INVOICE_SETTLED else 0
    corrected = amount if event.event is AccountEventName.WRITTEN_OFF else 0
    _stand(connection, event.invoice, event.state, settled=settled, corrected=corrected)


def _open_with(connection: Connection, seq: int, at: datetime, opening: Opening) -> None:
    """MOV-6: owe the invoice. What was suspended for it there is held for it from now on (MON-9)."""
    head = opening.head
    double_entry.enter_opening(connection, head, at)
    write_head(connection, head)
    if opening.held:
        for subscription_id in openings.held_there(connection, head.customer_id, head.invoice):
            holds.note_placed(connection, head.customer_id, seq, subscription_id, head.invoice)


def _stand(
    connection: Connection, invoice_id: str, state: InvoiceState, paid: int = 0, settled: int = 0, corrected: int = 0
) -> None:
    """Note the invoice's state, and what is paid, settled and corrected besides, in minor units."""
    columns = invoice_standing.c
    more = {
        "paid_minor": columns.paid_minor + paid,
        "settled_minor": columns.settled_minor + settled,
        "corrected_minor": columns.corrected_minor + corrected,
    }
    of_invoice = columns.invoice_id == invoice_id
    connection.execute(update(invoice_standing).where(of_invoice).values(state=state.value, **more))
