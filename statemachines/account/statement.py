"""A statement: what passed between a customer and its seller, and the balance after each document and movement."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from domain.account.events import AccountEvent, AccountEventName
from domain.account.invoice import InvoiceHead, InvoiceId
from domain.money import Currency, from_minor
from domain.values import Frozen, Instant

NAMES = {
    AccountEventName.INVOICE_ISSUED: "Invoice",
    AccountEventName.INVOICE_CARRIED: "Invoice",
    AccountEventName.INVOICE_TAKEN_OVER: "Invoice",
    AccountEventName.PAYMENT_RECEIVED: "Payment",
    AccountEventName.PAYMENT_REVERSED: "Payment taken back",
    AccountEventName.CREDIT_NOTE_ISSUED: "Credit note",
    AccountEventName.WRITTEN_OFF: "Written off",
    AccountEventName.REFUND_RESERVED: "Refund",
}
"""What changes the balance. A settlement only moves what is owed already, and a refund counts as it is reserved."""
TAKES_OFF = {AccountEventName.PAYMENT_RECEIVED, AccountEventName.CREDIT_NOTE_ISSUED, AccountEventName.WRITTEN_OFF}


class StatementLine(Frozen):
    """One document or movement. `amount` is positive where more is owed by it; a negative balance is credit."""

    at: Instant
    what: str
    of: str
    currency: Currency
    amount: Decimal
    balance: Decimal


def statement_lines(
    events: Iterable[AccountEvent], heads: Mapping[InvoiceId, InvoiceHead], notes: Mapping[int, str]
) -> Iterator[StatementLine]:
    """The lines in the order of the account's journal; `notes` has the numbers of credit notes by their events."""
    balances: dict[str, Decimal] = defaultdict(Decimal)
    for event in events:
        if event.event not in NAMES or event.currency is None:
            continue
        amount = _moved(event, heads)
        balances[event.currency] += amount
        nothing = from_minor(0, event.currency)
        yield StatementLine(
            at=event.at,
            what=NAMES[event.event],
            of=notes.get(event.seq) or event.payment_id or event.invoice or event.correction or "",
            currency=event.currency,
            amount=nothing + amount,
            balance=nothing + balances[event.currency],
        )


def _moved(event: AccountEvent, heads: Mapping[InvoiceId, InvoiceHead]) -> Decimal:
    if event.event.issues:
        return heads[event.invoice or ""].totals.gross
    amount = event.amount or Decimal(0)
    return -amount if event.event in TAKES_OFF else amount
