"""Checks of the double entry: what each movement of money has to have there."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from domain.account import double_entry
from domain.account.double_entry import BookAccount
from domain.account.events import AccountEvent, AccountEventName
from domain.subscription.ledger import Kind
from statemachines.audit.recorded_account import Found, RecordedAccount


def every_entry_balances(account: RecordedAccount) -> Iterator[Found]:
    """In each currency the sides of an entry come to nothing."""
    for entry in account.entries:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for _, currency, amount in entry.sides:
            sums[currency] += amount
        if not entry.sides or any(sums.values()):
            yield f"entry {entry.id} does not balance", ()


def entries_match_the_books(account: RecordedAccount) -> Iterator[Found]:
    """Each row, invoice, payment and correction has its entry, and nothing else has one."""
    known = {entry.id: sorted(entry.sides) for entry in account.entries}
    wanted: dict[str, list[tuple[str, str, Decimal]]] = {}
    for line in account.rows:
        debit, credit = ROW_SIDES[line.row.kind]
        sides = [(debit, line.row.currency, line.row.amount), (credit, line.row.currency, -line.row.amount)]
        wanted[double_entry.row_entry_id(line.subscription_id, line.row.key)] = sorted(sides)
    for invoice in account.invoices:
        head = invoice.head
        if head.taken_over is not None:
            owed = head.totals.charges
            sides = [(BookAccount.RECEIVABLE, head.currency, owed), (BookAccount.OPENING, head.currency, -owed)]
            wanted[double_entry.opening_entry_id(head.invoice)] = sorted(sides)
        if tax := [
            (side, head.currency, amount)
            for side, amount in (
                (BookAccount.RECEIVABLE, head.totals.tax_charged),
                (BookAccount.CREDIT, -head.totals.tax_credited),
                (BookAccount.TAX, -head.totals.tax),
            )
            if amount
        ]:
            wanted[double_entry.tax_entry_id(head.invoice)] = sorted(tax)
        if applied := head.totals.applied:
            sides = [(BookAccount.CREDIT, head.currency, applied), (BookAccount.RECEIVABLE, head.currency, -applied)]
            wanted[double_entry.applied_credit_entry_id(head.invoice)] = sorted(sides)
        for each in head.settles:
            amount = each.amount
            sides = [(BookAccount.CREDIT, head.currency, amount), (BookAccount.RECEIVABLE, head.currency, -amount)]
            wanted[double_entry.settlement_entry_id(head.invoice, each.invoice)] = sorted(sides)
    for event in account.events:
        if event.event is AccountEventName.PAYMENT_RECEIVED:
            wanted[double_entry.payment_entry_id(account.customer_id, event.payment_id or "")] = sorted(
                _payment_sides(event)
            )
        elif event.corrects:
            wanted[double_entry.correction_entry_id(account.customer_id, event.seq)] = sorted(_correction_sides(event))
    told = {double_entry.payment_entry_id(account.customer_id, payment_id) for payment_id in account.settled}
    for key in sorted({*known, *wanted} - told):
        if known.get(key) != wanted.get(key):
            yield f"entry {key} does not match the ledger, the invoice or the payment", ()


ROW_SIDES = {
    Kind.CHARGE: (BookAccount.RECEIVABLE, BookAccount.REVENUE),
    Kind.CREDIT: (BookAccount.REVENUE, BookAccount.CREDIT),
}
"""The audit's own table: shared with the books, it would find nothing wrong with them."""


def _correction_sides(event: AccountEvent) -> Iterator[tuple[str, str, Decimal]]:
    """Of a correction of money (MON-10)."""
    assert event.currency is not None
    amount, credited = event.amount or Decimal(0), event.credited or Decimal(0)
    sides: dict[AccountEventName, tuple[tuple[str, Decimal], ...]] = {
        AccountEventName.CREDIT_NOTE_ISSUED: (
            (BookAccount.REVENUE, amount - event.tax),
            (BookAccount.TAX, event.tax),
            (BookAccount.RECEIVABLE, credited - amount),
            (BookAccount.CREDIT, -credited),
        ),
        AccountEventName.INVOICE_SETTLED: ((BookAccount.CREDIT, amount), (BookAccount.RECEIVABLE, -amount)),
        AccountEventName.WRITTEN_OFF: ((BookAccount.WRITTEN_OFF, amount), (BookAccount.RECEIVABLE, -amount)),
        AccountEventName.REFUND_RESERVED: ((BookAccount.CREDIT, amount), (BookAccount.REFUND, -amount)),
        AccountEventName.REFUND_PAID: ((BookAccount.REFUND, amount), (BookAccount.PAYMENT, -amount)),
        AccountEventName.PAYMENT_REVERSED: (
            (BookAccount.RECEIVABLE, amount - credited),
            (BookAccount.CREDIT, credited),
            (BookAccount.PAYMENT, -amount),
        ),
    }
    yield from ((side, event.currency, minor) for side, minor in sides[event.event] if minor)


def _payment_sides(event: AccountEvent) -> Iterator[tuple[str, str, Decimal]]:
    assert event.currency is not None
    allocated = sum((part.amount for part in event.allocations), Decimal(0))
    for account, amount in (
        (BookAccount.PAYMENT, event.amount or Decimal(0)),
        (BookAccount.RECEIVABLE, -allocated),
        (BookAccount.CREDIT, -(event.credited or Decimal(0))),
    ):
        if amount:
            yield account, event.currency, amount
