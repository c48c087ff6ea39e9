"""Checks that corrections of money stay within what they correct (MON-10)."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from domain.account.events import AccountEvent, AccountEventName
from statemachines.audit.recorded_account import Found, RecordedAccount


def corrections_keep_their_bounds(account: RecordedAccount) -> Iterator[Found]:
    """Notes are not larger than their invoice, what is paid out was reserved, and a payment is taken back once, whole.

    After an operator settled a conflict the account may know other facts than the books (REP-1).
    """
    if any(event.settled for event in account.events):
        return
    yield from _notes_fit_their_invoices(account)
    yield from _credit_is_never_below_zero(account)
    open_refunds: dict[str | None, AccountEvent] = {}
    payments: dict[str | None, AccountEvent] = {}
    for event in account.events:
        match event.event:
            case AccountEventName.REFUND_RESERVED:
                open_refunds[event.correction] = event
            case AccountEventName.PAYMENT_RECEIVED:
                payments[event.payment_id] = event
            case AccountEventName.REFUND_PAID:
                if not _same_money(open_refunds.pop(event.correction, None), event):
                    yield f"account event {event.seq} pays out {event.correction}, which is not reserved like that", ()
            case AccountEventName.PAYMENT_REVERSED:
                if not _takes_back(payments.pop(event.payment_id, None), event):
                    yield f"account event {event.seq} reverses {event.payment_id}, which was not received like that", ()


def _notes_fit_their_invoices(account: RecordedAccount) -> Iterator[Found]:
    noted: dict[str, Decimal] = defaultdict(Decimal)
    for event in account.events:
        if event.event is AccountEventName.CREDIT_NOTE_ISSUED and event.invoice:
            noted[event.invoice] += event.amount or Decimal(0)
    totals = {invoice.head.invoice: invoice.head.totals.gross for invoice in account.invoices}
    for invoice, amount in sorted(noted.items()):
        if amount > max(totals.get(invoice, Decimal(0)), Decimal(0)):
            yield f"credit notes for {invoice} come to {amount:f}, more than its total", ()


def _credit_is_never_below_zero(account: RecordedAccount) -> Iterator[Found]:
    heads = {invoice.head.invoice: invoice.head for invoice in account.invoices}
    credit: dict[str | None, Decimal] = defaultdict(Decimal)
    for event in account.events:
        head = heads.get(event.invoice or "")
        if event.event.issues and head:
            credit[head.currency] = head.totals.carried_out
        credit[event.currency] += event.makes_credit
        if credit[event.currency] < 0:
            yield f"after account event {event.seq} the credit is {event.currency} {credit[event.currency]:f}", ()


def _same_money(one: AccountEvent | None, other: AccountEvent) -> bool:
    return one is not None and (one.amount, one.currency) == (other.amount, other.currency)


def _takes_back(payment: AccountEvent | None, reversal: AccountEvent) -> bool:
    if payment is None or not _same_money(payment, reversal) or payment.credited != reversal.credited:
        return False
    parts = [[(part.invoice, part.amount) for part in each.allocations] for each in (payment, reversal)]
    return parts[0] == parts[1]
