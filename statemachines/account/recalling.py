"""What the books have of what a correction of money names, from an account's invoices and journal (MON-10)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from domain.account.account import Receivable
from domain.account.events import AccountEvent, AccountEventName, terms_after
from domain.account.invoice import InvoiceHead, InvoiceId
from domain.account.recalled import Recalled, RecalledInvoice
from domain.account.requests import (
    AccountRequest,
    ConfirmRefund,
    IssueCreditNote,
    ReserveRefund,
    ReversePayment,
    WriteOff,
)
from domain.account.terms import BillingTerms
from domain.money import from_minor
from statemachines.account.dunning import receivable_of
from statemachines.account.standing import standing_of

REFUNDS = {AccountEventName.REFUND_RESERVED, AccountEventName.REFUND_PAID}
PAYMENTS = {AccountEventName.PAYMENT_RECEIVED, AccountEventName.PAYMENT_REVERSED}


def recalled(
    request: AccountRequest,
    opened: BillingTerms,
    heads: Mapping[InvoiceId, InvoiceHead],
    events: Sequence[AccountEvent],
) -> Recalled:
    """What these books, whole and in order, have of what it names. The account was `opened` with those terms."""
    its = tuple(event for event in events if _is_named(request, event))
    invoices = {part.invoice for event in its if isinstance(request, ReversePayment) for part in event.allocations}
    if isinstance(request, IssueCreditNote | WriteOff) and request.invoice:
        invoices.add(request.invoice)
    return Recalled(
        request=request.fingerprint(),
        seq=events[-1].seq if events else 0,
        events=its,
        invoices=tuple(_invoice(heads[each], opened, events) for each in sorted(invoices) if each in heads),
    )


def _is_named(request: AccountRequest, event: AccountEvent) -> bool:
    match request:
        case IssueCreditNote():
            return event.event is AccountEventName.CREDIT_NOTE_ISSUED and event.correction == request.credit_id
        case ReserveRefund() | ConfirmRefund():
            return event.event in REFUNDS and event.correction == request.refund_id
        case ReversePayment():
            return event.event in PAYMENTS and event.payment_id == request.payment_id
        case WriteOff():
            return event.event is AccountEventName.WRITTEN_OFF and event.invoice == request.invoice
    return False


def _invoice(head: InvoiceHead, opened: BillingTerms, events: Sequence[AccountEvent]) -> RecalledInvoice:
    notes = [
        event
        for event in events
        if event.event is AccountEventName.CREDIT_NOTE_ISSUED and event.invoice == head.invoice
    ]
    return RecalledInvoice(
        head=head,
        receivable=followed(head, opened, events),
        noted=sum((note.amount or Decimal(0) for note in notes), from_minor(0, head.currency)),
        noted_taxes=tuple(each for note in notes for each in note.taxes),
    )


def followed(head: InvoiceHead, opened: BillingTerms, events: Sequence[AccountEvent]) -> Receivable:
    """The invoice as its account follows it after these events, with the terms that it closed by (MON-11)."""
    issued = (place for place, event in enumerate(events) if event.event.issues and event.invoice == head.invoice)
    standing, before = standing_of(head, events), events[: next(issued, len(events))]
    return receivable_of(head, standing.state, terms_after(opened, before)).model_copy(
        update={
            "paid": standing.paid,
            "settled": standing.settled,
            "credited": standing.credited,
            "written_off": standing.written_off,
            "reminders": standing.reminders,
            "skipped": standing.skipped,
            "suspended": standing.held,
            "postponed": standing.postponed,
        }
    )
