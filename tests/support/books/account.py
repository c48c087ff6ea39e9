"""One face for the account's books in memory and in SQL, and short ways to charge, close and pay."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from activities.accounts.contracts import AccountReceipt, AccountRecordInput, AskedCorrection, CloseInput
from activities.adapters.sql.account.books import SqlAccountBooks
from activities.adapters.sql.account.reader import SqlAccountReader
from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.books import SqlBooks
from activities.billing.contracts import About, RecordInput
from activities.errors import BooksConflict
from domain.account.events import AccountEvent, AccountEventName, AccountRecord, Allocation, Close, CloseReceipt
from domain.account.invoice import Invoice, InvoiceState, Unpaid
from domain.account.lines import InvoiceLine
from domain.account.recalled import Recalled
from domain.account.taxing import Taxed
from domain.account.terms import terms_of
from domain.calendar import Period
from domain.money import to_minor
from domain.policy import DEFAULT_PACK
from domain.subscription.effects import Record
from domain.subscription.ledger import Kind, LedgerRow
from statemachines.preview.book import Book, KeyConflict
from statemachines.simulation.account_book import AccountBook
from tests.support.books.player import LIVING
from tests.support.books.short_lives import LICENCE, order
from tests.support.instants import DAY

JANUARY, FEBRUARY, MARCH = (
    Period(start=datetime(2026, month, 1, tzinfo=UTC), end=datetime(2026, month + 1, 1, tzinfo=UTC))
    for month in (1, 2, 3)
)
CUSTOMER = "fabrikam"


class AccountsUnderTest(Protocol):
    """Write, and read back what was written."""

    async def write(self, about: About, record: Record) -> None: ...
    async def close(self, entry: CloseInput, taxed: Taxed | None = None) -> CloseReceipt: ...
    async def record(self, entry: AccountRecordInput) -> AccountReceipt | None: ...
    async def documents(self, customer_id: str) -> list[Invoice]: ...
    async def events(self, customer_id: str) -> list[AccountEvent]: ...
    async def uninvoiced(self, customer_id: str) -> list[InvoiceLine]: ...
    async def recalled(self, asked: AskedCorrection) -> Recalled: ...


class AccountsInMemory:
    """The simulator's books, an account for each customer."""

    def __init__(self) -> None:
        self._ledgers: dict[str, dict[str, Book]] = defaultdict(dict)
        self._accounts: dict[str, AccountBook] = {}

    def _account(self, customer_id: str) -> AccountBook:
        return self._accounts.setdefault(customer_id, AccountBook(customer_id, self._ledgers[customer_id]))

    async def write(self, about: About, record: Record) -> None:
        self._ledgers[about.customer_id].setdefault(about.subscription_id, Book()).record(record)

    async def close(self, entry: CloseInput, taxed: Taxed | None = None) -> CloseReceipt:
        try:
            return self._account(entry.customer_id).close(entry.close, taxed)
        except KeyConflict as error:
            raise BooksConflict(str(error)) from None

    async def record(self, entry: AccountRecordInput) -> None:
        try:
            self._account(entry.customer_id).record(entry.record)
        except KeyConflict as error:
            raise BooksConflict(str(error)) from None

    async def documents(self, customer_id: str) -> list[Invoice]:
        return list(self._account(customer_id).invoices)

    async def events(self, customer_id: str) -> list[AccountEvent]:
        return list(self._account(customer_id).events)

    async def uninvoiced(self, customer_id: str) -> list[InvoiceLine]:
        return list(self._account(customer_id).uninvoiced())

    async def recalled(self, asked: AskedCorrection) -> Recalled:
        return self._account(asked.customer_id).recalled(asked.request, terms_of(DEFAULT_PACK))


class AccountsInSql(SqlAccountReader):
    """The SQL books, read back through the reader."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        books = SqlAccountBooks(database)
        self.close = books.close
        self.look = books.look
        self.record = books.record
        self.recalled = books.recalled
        self._ledger = SqlBooks(database)

    async def write(self, about: About, record: Record) -> None:
        await self._ledger.record(RecordInput.under(about, record, test_clock=True))


@asynccontextmanager
async def accounts_at(url: str | None) -> AsyncIterator[AccountsUnderTest]:
    """The accounts in SQL over the database at that URL; without one, those in memory."""
    if url is None:
        yield AccountsInMemory()
        return
    async with Database(url) as database:
        yield AccountsInSql(database)


class Customer:
    """One customer's subscriptions that are charged at will, and the account over them."""

    def __init__(self, accounts: AccountsUnderTest, customer_id: str = CUSTOMER, prefix: str = "s") -> None:
        self.accounts = accounts
        self.id = customer_id
        self._prefix = prefix
        self._lives: dict[str, tuple[About, int]] = {}

    async def write(self, *rows: LedgerRow, of: int = 1) -> None:
        """The next event of that subscription, with these rows."""
        subscription_id = f"{self._prefix}-{of}"
        life = LIVING.begin(order(LICENCE, subscription_id, self.id))
        about, last = self._lives.get(subscription_id, (About.of(life.subscription), 0))
        (record, *_) = life.effects
        assert isinstance(record, Record)
        event = record.events[0].model_copy(update={"seq": last + 1, "at": rows[-1].at, "rows": rows})
        await self.accounts.write(about, Record(events=(event,)))
        self._lives[subscription_id] = about, last + 1

    async def close(self, month: Period = JANUARY, taxed: Taxed | None = None, **changes: Any) -> CloseReceipt:
        return await self.accounts.close(closing(self.id, month, **changes), taxed)

    async def record(self, *events: AccountEvent) -> AccountReceipt | None:
        return await self.accounts.record(
            AccountRecordInput(customer_id=self.id, record=AccountRecord(events=events), test_clock=True)
        )

    async def documents(self) -> list[Invoice]:
        return await self.accounts.documents(self.id)

    async def uninvoiced(self) -> list[InvoiceLine]:
        return await self.accounts.uninvoiced(self.id)

    async def events(self) -> list[AccountEvent]:
        return await self.accounts.events(self.id)


def row(at: datetime, amount: str = "10.00", kind: Kind = Kind.CHARGE, **changes: Any) -> LedgerRow:
    """A row whose key is made of its instant and kind, with the changes."""
    fields = {
        "at": at,
        "kind": kind,
        "line": "contoso-crm",
        "quantity": 1,
        "amount": Decimal(amount),
        "currency": "USD",
        "period": Period(start=at, end=at + DAY),
        "key": f"{kind}-{at:%m%d-%H%M%S%f}",
    }
    return LedgerRow.model_validate({**fields, **changes})


def closing(customer_id: str = CUSTOMER, month: Period = JANUARY, **changes: Any) -> CloseInput:
    close = Close.model_validate(
        {"period": month, "due_at": month.end + 60 * DAY, "carried_in": {}, **changes}, strict=False
    )
    return CloseInput(customer_id=customer_id, close=close, test_clock=True)


def issued(seq: int, invoice: str, amount: str, at: datetime = JANUARY.end, currency: str = "USD") -> AccountEvent:
    """What an account notes of an invoice that was closed."""
    carried = not Decimal(amount)
    return AccountEvent(
        seq=seq,
        at=at,
        event=AccountEventName.INVOICE_CARRIED if carried else AccountEventName.INVOICE_ISSUED,
        rule="MON-5",
        by="system",
        invoice=invoice,
        state=InvoiceState.CARRIED if carried else InvoiceState.ISSUED,
        amount=Decimal(amount),
        currency=currency,
    )


def overdue(seq: int, invoice: str, amount: str, at: datetime = MARCH.end) -> AccountEvent:
    return issued(seq, invoice, amount, at).model_copy(
        update={"event": AccountEventName.INVOICE_OVERDUE, "state": InvoiceState.OVERDUE, "rule": "MON-6"}
    )


def owing(invoice: str, owed: str, due_at: datetime = MARCH.start, currency: str = "USD") -> Unpaid:
    return Unpaid(invoice=invoice, currency=currency, owed=Decimal(owed), due_at=due_at)


def settled(seq: int, by: str, invoice: str, amount: str, state: InvoiceState, at: datetime) -> AccountEvent:
    """What an account notes of an earlier invoice that the credit of a closed one pays."""
    return issued(seq, invoice, amount, at).model_copy(
        update={"event": AccountEventName.INVOICE_SETTLED, "state": state, "credit_of": by}
    )


def paid(
    seq: int,
    payment_id: str,
    amount: str,
    *allocations: tuple[str, str, InvoiceState],
    at: datetime = FEBRUARY.end,
    currency: str = "USD",
) -> AccountEvent:
    """A payment; what goes to no invoice becomes credit."""
    parts = tuple(Allocation(invoice=name, amount=Decimal(part), state=state) for name, part, state in allocations)
    return AccountEvent(
        seq=seq,
        at=at,
        event=AccountEventName.PAYMENT_RECEIVED,
        rule="MON-6",
        by="service",
        payment_id=payment_id,
        amount=Decimal(amount),
        currency=currency,
        allocations=parts,
        credited=Decimal(amount) - sum((part.amount for part in parts), Decimal(0)),
    )


def cents(invoice: Invoice) -> dict[str, int]:
    """The totals in minor units, with the tax if there is some."""
    found = invoice.head.totals
    minor = {name: to_minor(getattr(found, name), invoice.head.currency) for name in type(found).model_fields}
    return {name: amount for name, amount in minor.items() if amount or not name.startswith("tax_")}


async def lived(customer: Customer) -> list[str]:
    """Months of an account in which everything happens that moves money; its invoices, in order.

    January: EUR 7.35, and USD 42.00 less 2.00, paid with 50.00. February takes 4.00 off what was too much, March 6.00:
    its 24.00 fall due, and 4.00 of them are paid. No invoice has yet: USD 3.00 charged, 1.00 credited.
    """
    await customer.write(row(JANUARY.start, "30.00"), row(JANUARY.start + DAY, "2.00", Kind.CREDIT), of=1)
    await customer.write(row(JANUARY.start + 2 * DAY, "12.00"), of=2)
    await customer.write(row(JANUARY.start + 3 * DAY, "7.35", currency="EUR"), of=3)
    euros, dollars = (head.invoice for head in (await customer.close()).invoices)
    await customer.record(issued(1, euros, "7.35", currency="EUR"), issued(2, dollars, "40.00"))
    await customer.record(paid(3, "p-1", "50.00", (dollars, "40.00", InvoiceState.PAID), at=FEBRUARY.start + DAY))
    await customer.write(row(FEBRUARY.start, "4.00"), of=1)
    (carried,) = (await customer.close(FEBRUARY, carried_in={"USD": "10.00"})).invoices
    await customer.record(issued(4, carried.invoice, "0.00", FEBRUARY.end))
    await customer.write(row(MARCH.start, "30.00"), of=1)
    (last,) = (await customer.close(MARCH, carried_in={"USD": "6.00"})).invoices
    late = last.due_at
    await customer.record(issued(5, last.invoice, "24.00", MARCH.end))
    await customer.record(overdue(6, last.invoice, "24.00", late))
    for seq, name in enumerate(("reminded", "payment_failed", "suspended_for_nonpayment"), start=7):
        noted = overdue(seq, last.invoice, "24.00", late + seq * DAY)
        await customer.record(noted.model_copy(update={"event": AccountEventName(name)}))
    await customer.record(paid(10, "p-2", "4.00", (last.invoice, "4.00", InvoiceState.OVERDUE), at=late + 10 * DAY))
    await customer.write(row(MARCH.end, "3.00"), row(MARCH.end + DAY, "1.00", Kind.CREDIT), of=1)
    return [euros, dollars, carried.invoice, last.invoice]
