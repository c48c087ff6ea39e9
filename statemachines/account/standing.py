"""The standing of an invoice: state, payments, credit, reminders and suspension, from the events of its account."""

from collections.abc import Iterable
from decimal import Decimal

from domain.account.events import AccountEvent, AccountEventName
from domain.account.invoice import InvoiceHead, InvoiceId, InvoiceState
from domain.money import from_minor
from domain.values import ExactDecimal, Frozen, Instant

COUNTED = (AccountEventName.REMINDED, AccountEventName.REMINDER_SKIPPED, AccountEventName.PAYMENT_FAILED)
POSTPONING = (AccountEventName.SUSPENSION_POSTPONED, AccountEventName.HOLDS_LIFTED)
"""After these the invoice leads to holds once it is chased again (MON-8)."""


class PaymentTaken(Frozen):
    """The part of a payment that went to the invoice, and when."""

    payment_id: str
    at: Instant
    amount: ExactDecimal


class CreditTaken(Frozen):
    """What a later invoice's credit paid on the invoice, and when (MON-5)."""

    invoice: InvoiceId
    at: Instant
    amount: ExactDecimal


class Standing(Frozen):
    """What the account's events say about one invoice.

    `settled` is what credit of later invoices paid; `failures` counts failed payments, `skipped` reminders not sent.
    `held` says that it leads to holds now, `postponed` that it will once it is chased again (MON-8).
    """

    state: InvoiceState
    paid: ExactDecimal
    settled: ExactDecimal
    credits: tuple[CreditTaken, ...] = ()
    payments: tuple[PaymentTaken, ...] = ()
    reminders: int = 0
    failures: int = 0
    suspended_at: Instant | None = None
    skipped: int = 0
    held: bool = False
    postponed: bool = False

    def owed(self, due: Decimal) -> Decimal:
        """What is left to pay of the amount that was due."""
        return due - self.paid - self.settled


def standing_of(head: InvoiceHead, events: Iterable[AccountEvent]) -> Standing:
    """The standing of the invoice after these events of its customer's account."""
    state = InvoiceState.ISSUED if head.totals.due else InvoiceState.CARRIED
    payments: list[PaymentTaken] = []
    taken: list[CreditTaken] = []
    counted = dict.fromkeys(COUNTED, 0)
    suspended_at, held, postponed = None, False, False
    for event in events:
        if event.opening and event.invoice == head.invoice:
            counted[AccountEventName.REMINDER_SKIPPED] += event.opening.reminders
            held = event.opening.held
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
            suspended_at, held, postponed = event.at, True, False
        if event.event in POSTPONING:
            held, postponed = False, True
        if event.event is AccountEventName.INVOICE_SETTLED:
            assert event.credit_of
            assert event.amount is not None
            taken.append(CreditTaken(invoice=event.credit_of, at=event.at, amount=event.amount))
    nothing = from_minor(0, head.currency)
    return Standing(
        state=state,
        paid=sum((payment.amount for payment in payments), nothing),
        settled=sum((credit.amount for credit in taken), nothing),
        credits=tuple(taken),
        payments=tuple(payments),
        reminders=counted[AccountEventName.REMINDED],
        failures=counted[AccountEventName.PAYMENT_FAILED],
        suspended_at=suspended_at,
        skipped=counted[AccountEventName.REMINDER_SKIPPED],
        held=held,
        postponed=postponed,
    )
