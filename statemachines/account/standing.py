"""The standing of an invoice: its state, payments, reminders and suspension, from the events of its account."""

from collections.abc import Iterable

from domain.account.events import AccountEvent, AccountEventName
from domain.account.invoice import InvoiceHead, InvoiceState
from domain.money import from_minor
from domain.values import ExactDecimal, Frozen, Instant


class PaymentTaken(Frozen):
    """The part of a payment that went to the invoice, and when."""

    payment_id: str
    at: Instant
    amount: ExactDecimal


class Standing(Frozen):
    """What the account's events say about one invoice: `failures` counts its failed payments."""

    state: InvoiceState
    paid: ExactDecimal
    payments: tuple[PaymentTaken, ...] = ()
    reminders: int = 0
    failures: int = 0
    suspended_at: Instant | None = None


def standing_of(head: InvoiceHead, events: Iterable[AccountEvent]) -> Standing:
    """The standing of the invoice after these events of its customer's account."""
    state = InvoiceState.ISSUED if head.totals.due else InvoiceState.CARRIED
    payments: list[PaymentTaken] = []
    counted = {AccountEventName.REMINDED: 0, AccountEventName.PAYMENT_FAILED: 0}
    suspended_at = None
    for event in events:
        for allocation in event.allocations:
            if allocation.invoice == head.invoice:
                assert event.payment_id is not None
                payments.append(PaymentTaken(payment_id=event.payment_id, at=event.at, amount=allocation.amount))
                state = allocation.state
        if event.invoice != head.invoice or event.event is AccountEventName.PAYMENT_RECEIVED:
            continue
        state = event.state or state
        if event.event in counted:
            counted[event.event] += 1
        if event.event is AccountEventName.SUSPENDED:
            suspended_at = event.at
    return Standing(
        state=state,
        paid=sum((payment.amount for payment in payments), from_minor(0, head.currency)),
        payments=tuple(payments),
        reminders=counted[AccountEventName.REMINDED],
        failures=counted[AccountEventName.PAYMENT_FAILED],
        suspended_at=suspended_at,
    )
