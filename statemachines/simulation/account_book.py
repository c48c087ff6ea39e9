"""The books of one account in memory, for the simulator. They pass the same contract tests as the SQL books."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from domain.account.account import Look, Payment, Seen
from domain.account.events import AccountEvent, AccountEventName, AccountRecord, Close, CloseReceipt
from domain.account.invoice import Invoice, invoices_of
from domain.account.lines import InvoiceLine, in_order, net_credits, taxing
from domain.account.recalled import Recalled
from domain.account.requests import AccountRequest
from domain.account.taxing import Taxed, Taxing, supply_of
from domain.account.terms import BillingTerms
from domain.subscription.ledger import Kind
from domain.taxes.sale import Supply
from statemachines.account.payments import payment_in
from statemachines.account.recalling import recalled
from statemachines.preview.book import Book, KeyConflict


class AccountBook:
    """One customer's invoices and account events, on top of the books of its subscriptions."""

    def __init__(self, customer_id: str, books: Mapping[str, Book], series: str | None = None) -> None:
        self.invoices: list[Invoice] = []
        self.events: list[AccountEvent] = []
        self._customer_id = customer_id
        self._series = series or customer_id
        self._books = books
        self._on_an_invoice: set[tuple[str, str]] = set()
        self._closes: dict[datetime, tuple[Close, CloseReceipt]] = {}
        self._payments: dict[str | None, int] = {}

    def close(self, close: Close, taxed: Taxed | None = None) -> CloseReceipt:
        """Write the month's invoices; closing it again returns the same receipt. Raises KeyConflict."""
        if known := self._closes.get(close.period.end):
            if known[0] != close:
                raise KeyConflict(f"the month until {close.period.end} is closed with other content")
            return known[1]
        lines = [line for line in self.uninvoiced() if line.row.at < close.period.end]
        number = sum(invoice.head.taken_over is None for invoice in self.invoices)
        closed = invoices_of(self._customer_id, self._series, number, close, lines, self._taxing(lines, taxed))
        self.invoices += closed
        self._on_an_invoice |= {(line.subscription_id, line.row.key) for line in lines}
        receipt = CloseReceipt(period=close.period, invoices=tuple(invoice.head for invoice in closed))
        self._closes[close.period.end] = (close, receipt)
        return receipt

    def record(self, record: AccountRecord) -> None:
        """Write the events of one decision; writing them again changes nothing. Raises KeyConflict."""
        last, seqs = len(self.events), [event.seq for event in record.events]
        if record.seq <= last:
            if tuple(event for event in self.events if event.seq in seqs) != record.events:
                raise KeyConflict(f"account event {record.seq} is recorded with other content")
            return
        if seqs != list(range(last + 1, last + 1 + len(seqs))):
            raise KeyConflict(f"account events {seqs} cannot follow {last}")
        payments = dict(self._payments)
        for event in record.events:
            if event.event is not AccountEventName.PAYMENT_RECEIVED:
                continue
            if (seq := payments.setdefault(event.payment_id, event.seq)) != event.seq:
                raise KeyConflict(f"payment {event.payment_id} was recorded by event {seq}")
        self._payments = payments
        self.events += record.events
        self.invoices += [Invoice(head=each.opening.head, lines=()) for each in record.events if each.opening]
        self.invoices.sort(key=lambda each: (each.head.issued_at, each.head.currency, each.head.invoice))

    def payment(self, payment_id: str) -> Payment | None:
        """The recorded payment of that id, or None (MON-7)."""
        return payment_in(self.events, payment_id)

    def recalled(self, request: AccountRequest, opened: BillingTerms) -> Recalled:
        """What these books have of what a correction names; the account was opened with those terms (MON-10)."""
        heads = {invoice.head.invoice: invoice.head for invoice in self.invoices}
        return recalled(request, opened, heads, self.events)

    def charged_by(self, invoice: str) -> set[str]:
        """The subscriptions with a charge on that invoice (MON-9)."""
        (document,) = (each for each in self.invoices if each.head.invoice == invoice)
        return {line.subscription_id for line in document.lines if line.row.kind is Kind.CHARGE}

    def look(self, look: Look, taxed: Taxed | None = None) -> Seen:
        """What the rows that are dated before the instant and on no invoice yet credit (MON-8)."""
        lines = [line for line in self.uninvoiced() if line.row.at < look.until]
        return Seen(at=look.at, credit=net_credits(lines, self._taxing(lines, taxed)))

    def supplies(self, before: datetime) -> tuple[Supply, ...]:
        """What the rows that are dated before the instant and on no invoice yet supply (MON-13)."""
        return tuple({supply_of(line.row): None for line in self.uninvoiced() if line.row.at < before})

    def _taxing(self, lines: Sequence[InvoiceLine], taxed: Taxed | None) -> Taxing | None:
        if taxed is None:
            return None
        on_invoices = (line for invoice in self.invoices for line in invoice.lines)
        return taxing(self._in_order(lines), self._in_order(on_invoices), taxed)

    def _in_order(self, lines: Iterable[InvoiceLine]) -> list[InvoiceLine]:
        """In the order of their events."""
        places = {
            (subscription_id, row.key): place
            for subscription_id, book in self._books.items()
            for place, row in enumerate(book.rows)
        }
        return sorted(lines, key=lambda line: places[line.subscription_id, line.row.key])

    def uninvoiced(self) -> tuple[InvoiceLine, ...]:
        """The rows that are on no invoice yet, in invoice order."""
        return in_order(
            InvoiceLine(subscription_id=subscription_id, row=row)
            for subscription_id, book in self._books.items()
            for row in book.rows
            if (subscription_id, row.key) not in self._on_an_invoice
        )
