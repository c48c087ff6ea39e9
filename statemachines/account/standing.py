"""The standing of an invoice: state, payments, credit, reminders and suspension, from the events of its account."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from domain.account.events import AccountEvent, AccountEventName, Allocation
from domain.account.invoice import InvoiceHead, InvoiceId, InvoiceState
from domain.money import Currency, from_minor
from domain.values import ExactDecimal, Frozen, Instant, OmitEmpty

COUNTED = (AccountEventName.REMINDED, AccountEventName.REMINDER_SKIPPED, AccountEventName.PAYMENT_FAILED)
POSTPONING = (AccountEventName.SUSPENSION_POSTPONED, AccountEventName.HOLDS_LIFTED)
"""After these the invoice leads to holds once it is chased again (MON-8)."""


class PaymentTaken(Frozen):
    """The part of a payment that went to the invoice, and when; and when the payment was reversed (MON-10)."""

    payment_id: str
    at: Instant
    amount: ExactDecimal
    reversed_at: OmitEmpty[Instant | None] = None


class CreditTaken(Frozen):
    """What credit from elsewhere paid on the invoice, and when: a later `invoice`'s (MON-5) or a credit note's."""

    invoice: InvoiceId | None = None
    credit_note: OmitEmpty[str | None] = None
    at: Instant
    amount: ExactDecimal


class CreditNoteTaken(Frozen):
    """What a credit note for the invoice took off what is owed on it, and when (MON-10)."""

    credit_id: str
    at: Instant
    amount: ExactDecimal


class Standing(Frozen):
    """What the account's events say about one invoice.

    `settled` is what credit from elsewhere paid, `credited` what credit notes for it took off, `written_off` what was
    given up. `failures` counts failed payments, `skipped` reminders not sent. `held` says that it leads to holds now,
    `postponed` that it will once it is chased again (MON-8).
    """

    state: InvoiceState
    paid: ExactDecimal
    settled: ExactDecimal
    credits: tuple[CreditTaken, ...] = ()
    payments: tuple[PaymentTaken, ...] = ()
    credited: ExactDecimal = Decimal(0)
    credit_notes: tuple[CreditNoteTaken, ...] = ()
    written_off: ExactDecimal = Decimal(0)
    reminders: int = 0
    failures: int = 0
    suspended_at: Instant | None = None
    skipped: int = 0
    held: bool = False
    postponed: bool = False

    def owed(self, due: Decimal) -> Decimal:
        """What is left to pay of the amount that was due."""
        return due - self.paid - self.settled - self.credited - self.written_off


class ReservedRefund(Frozen):
    """A refund that is reserved since that instant, and not paid out yet (MON-10)."""

    refund_id: str
    at: Instant
    amount: ExactDecimal
    currency: Currency
    reason: str | None


def refunds_to_pay(events: Iterable[AccountEvent]) -> tuple[ReservedRefund, ...]:
    """The refunds that these events of an account have reserved, without those that were paid out."""
    found: dict[str, ReservedRefund] = {}
    for event in events:
        key = event.correction or ""
        if event.event is AccountEventName.REFUND_RESERVED and event.amount is not None and event.currency:
            found[key] = ReservedRefund(
                refund_id=key, at=event.at, amount=event.amount, currency=event.currency, reason=event.details
            )
        elif event.event is AccountEventName.REFUND_PAID:
            found.pop(key, None)
    return tuple(found.values())


def standing_of(head: InvoiceHead, events: Iterable[AccountEvent]) -> Standing:
    """The standing of the invoice after these events of its customer's account."""
    found = _Events(head)
    for event in events:
        found.take(event)
    return found.standing()


class _Events:
    """Takes the events of the invoice's account one by one."""

    def __init__(self, head: InvoiceHead) -> None:
        self._head = head
        self._state = InvoiceState.ISSUED if head.totals.due else InvoiceState.CARRIED
        self._payments: list[PaymentTaken] = []
        self._credits: list[CreditTaken] = []
        self._notes: list[CreditNoteTaken] = []
        self._written_off = from_minor(0, head.currency)
        self._counted = dict.fromkeys(COUNTED, 0)
        self._suspended_at: datetime | None = None
        self._held = self._postponed = False

    def take(self, event: AccountEvent) -> None:
        its = event.invoice == self._head.invoice
        if event.opening and its:
            self._counted[AccountEventName.REMINDER_SKIPPED] += event.opening.reminders
            self._held = event.opening.held
        for allocation in event.allocations:
            if allocation.invoice == self._head.invoice:
                self._allocate(event, allocation, names_it=its)
        if its and not event.allocations and event.event is not AccountEventName.CREDIT_NOTE_ISSUED:
            self._take_its(event)

    def _allocate(self, event: AccountEvent, part: Allocation, *, names_it: bool) -> None:
        """The part of a payment or a credit note, or of a payment that is taken back."""
        if event.event is AccountEventName.PAYMENT_REVERSED:
            self._payments = [
                each.model_copy(update={"reversed_at": event.at}) if each.payment_id == event.payment_id else each
                for each in self._payments
            ]
            self._counted[AccountEventName.REMINDER_SKIPPED] += part.skipped
            unpaid = self._state.unpaid
            self._held, self._postponed = self._held and unpaid, self._postponed and unpaid
        elif event.event is AccountEventName.PAYMENT_RECEIVED:
            assert event.payment_id is not None
            self._payments.append(PaymentTaken(payment_id=event.payment_id, at=event.at, amount=part.amount))
        elif names_it:
            assert event.correction is not None
            self._notes.append(CreditNoteTaken(credit_id=event.correction, at=event.at, amount=part.amount))
        else:
            self._credits.append(CreditTaken(credit_note=event.correction, at=event.at, amount=part.amount))
        self._state = part.state

    def _take_its(self, event: AccountEvent) -> None:
        if event.event is AccountEventName.PAYMENT_RECEIVED:
            return
        self._state = event.state or self._state
        if event.event in self._counted:
            self._counted[event.event] += 1
        if event.event is AccountEventName.SUSPENDED:
            self._suspended_at, self._held, self._postponed = event.at, True, False
        if event.event in POSTPONING:
            self._held, self._postponed = False, True
        if event.event is AccountEventName.INVOICE_SETTLED:
            assert event.amount is not None
            self._credits.append(CreditTaken(invoice=event.credit_of, at=event.at, amount=event.amount))
        if event.event is AccountEventName.WRITTEN_OFF:
            self._written_off += event.amount or 0

    def standing(self) -> Standing:
        nothing = from_minor(0, self._head.currency)
        return Standing(
            state=self._state,
            paid=sum((each.amount for each in self._payments if each.reversed_at is None), nothing),
            settled=sum((each.amount for each in self._credits), nothing),
            credits=tuple(self._credits),
            payments=tuple(self._payments),
            credited=sum((each.amount for each in self._notes), nothing),
            credit_notes=tuple(self._notes),
            written_off=self._written_off,
            reminders=self._counted[AccountEventName.REMINDED],
            failures=self._counted[AccountEventName.PAYMENT_FAILED],
            suspended_at=self._suspended_at,
            skipped=self._counted[AccountEventName.REMINDER_SKIPPED],
            held=self._held,
            postponed=self._postponed,
        )
