"""The events, effects and decisions of a billing account (MON-5, MON-6)."""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.account.account import Account, Look, Payment
from domain.account.invoice import EndedMonth, InvoiceHead, InvoiceId, InvoiceState
from domain.account.openings import Opening
from domain.account.taxing import TaxedAmount
from domain.account.terms import BillingTerms, HoldScope
from domain.calendar import Period
from domain.conflict import Settled
from domain.money import Currency, from_minor
from domain.subscription.decision import Answer
from domain.values import ExactDecimal, Frozen, Id, Instant, OmitEmpty, format_instant


class AccountEventName(StrEnum):
    """The names of the events: transitions of invoices, payments, and changes of the account."""

    INVOICE_ISSUED = "invoice_issued"
    INVOICE_CARRIED = "invoice_carried"
    INVOICE_TAKEN_OVER = "invoice_taken_over"
    INVOICE_SETTLED = "invoice_settled"
    INVOICE_OVERDUE = "invoice_overdue"
    REMINDED = "reminded"
    REMINDER_SKIPPED = "reminder_skipped"
    SUSPENDED = "suspended_for_nonpayment"
    SUSPENSION_POSTPONED = "suspension_postponed"
    HOLDS_LIFTED = "holds_lifted"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_FAILED = "payment_failed"
    CREDIT_NOTE_ISSUED = "credit_note_issued"
    WRITTEN_OFF = "written_off"
    REFUND_RESERVED = "refund_reserved"
    REFUND_PAID = "refund_paid"
    PAYMENT_REVERSED = "payment_reversed"
    TERMS_CHANGED = "terms_changed"
    CONFLICT_SETTLED = "conflict_settled"

    @property
    def issues(self) -> bool:
        """Whether an invoice begins to be owed, or to be covered, by it."""
        return self in ISSUING


ISSUING = frozenset(
    {AccountEventName.INVOICE_ISSUED, AccountEventName.INVOICE_CARRIED, AccountEventName.INVOICE_TAKEN_OVER}
)


CORRECTING = frozenset(
    {
        AccountEventName.CREDIT_NOTE_ISSUED,
        AccountEventName.WRITTEN_OFF,
        AccountEventName.REFUND_RESERVED,
        AccountEventName.REFUND_PAID,
        AccountEventName.PAYMENT_REVERSED,
    }
)
"""The corrections of money (MON-10)."""


TELLING_OF_PAYMENTS = frozenset({AccountEventName.PAYMENT_RECEIVED, AccountEventName.PAYMENT_FAILED})


class Allocation(Frozen):
    """The part of a payment or a credit note that goes to an invoice, and the state of the invoice after it.

    With `payment_reversed` it is the part that is owed again; the dates of so many reminders have passed meanwhile,
    which are `skipped`.
    """

    invoice: InvoiceId
    amount: ExactDecimal
    state: InvoiceState
    skipped: OmitEmpty[int] = 0


class AccountEvent(Frozen):
    """One entry of an account's journal. `seq` is the previous number plus 1 (invariant 8).

    `amount` is what is owed on the invoice, the amount of the payment or the correction, or the credit that settles the
    invoice: that `credit_of` had, or that the account had when a payment was reversed. `credited` is the part of a
    payment or a credit note that becomes credit, or the part of a reversed payment that was credit. `correction` is the
    id of a credit note or a refund. `lifts` says that the event lifts holds for nonpayment. `credit` is what was
    counted against overdue invoices when a reminder or a hold was decided (MON-8). `settled` is set if an operator
    settled a conflict with the books (REP-1), `opening` if an invoice of another system was taken over (MOV-6).
    """

    seq: int
    at: Instant
    event: AccountEventName
    rule: str
    by: str
    actor: str | None = None
    invoice: InvoiceId | None = None
    state: InvoiceState | None = None
    amount: ExactDecimal | None = None
    currency: Currency | None = None
    payment_id: str | None = None
    allocations: tuple[Allocation, ...] = ()
    credited: ExactDecimal | None = None
    lifts: bool = False
    reminder: int | None = None
    details: str | None = None
    terms: BillingTerms | None = None
    """With `terms_changed`: the new ones."""
    correction: OmitEmpty[Id | None] = None
    taxes: OmitEmpty[tuple[TaxedAmount, ...]] = ()
    """With `credit_note_issued` for an invoice with tax: what of it is tax (MON-13)."""
    credit_of: Annotated[InvoiceId | None, Field(exclude_if=lambda invoice: invoice is None)] = None
    credit: Annotated[ExactDecimal | None, Field(exclude_if=lambda credit: credit is None)] = None
    settled: Annotated[Settled | None, Field(exclude_if=lambda settled: settled is None)] = None
    opening: Annotated[Opening | None, Field(exclude_if=lambda opening: opening is None)] = None

    @property
    def payment(self) -> Payment | None:
        """The payment that it tells of, received or failed, as an account remembers it."""
        if self.payment_id is None or self.event not in TELLING_OF_PAYMENTS:
            return None
        failed = self.event is AccountEventName.PAYMENT_FAILED
        amount, currency = (None, None) if failed else (self.amount, self.currency)
        return Payment(payment_id=self.payment_id, amount=amount, currency=currency, failed=failed)

    @property
    def tax(self) -> Decimal:
        """The tax in a credit note (MON-13)."""
        nothing = from_minor(0, self.currency) if self.currency else Decimal(0)
        return sum((each.tax for each in self.taxes), nothing)

    @property
    def corrects(self) -> bool:
        """Whether it is of a correction of money (MON-10)."""
        return self.event in CORRECTING or (self.event is AccountEventName.INVOICE_SETTLED and self.credit_of is None)

    @property
    def makes_credit(self) -> Decimal:
        """By how much it changes the credit that the customer has, beside an invoice: in its currency."""
        match self.event:
            case AccountEventName.PAYMENT_RECEIVED | AccountEventName.CREDIT_NOTE_ISSUED:
                return self.credited or Decimal(0)
            case AccountEventName.PAYMENT_REVERSED:
                return -(self.credited or Decimal(0))
            case AccountEventName.REFUND_RESERVED:
                return -(self.amount or Decimal(0))
            case AccountEventName.INVOICE_SETTLED if self.credit_of is None:
                return -(self.amount or Decimal(0))
        return Decimal(0)


def terms_after(opened: BillingTerms, events: Iterable[AccountEvent]) -> BillingTerms:
    """The terms of an account that was opened with those, after these events (MON-11)."""
    return next((event.terms for event in reversed(tuple(events)) if event.terms), opened)


class Open(Frozen):
    """Open the account in the books, or take from them what it was before its workflow was lost.

    Nothing is decided before.
    """

    effect: Literal["open"] = "open"


class Close(EndedMonth):
    """Write the invoices of an ended month: every row dated before its end that is on no invoice yet (MON-5)."""

    effect: Literal["close"] = "close"

    @property
    def key(self) -> str:
        """By what an operator names it."""
        return f"close:{format_instant(self.period.end)}"


class AccountRecord(Frozen):
    """Write a decision to journal, payments and double entry, in one transaction keyed (customer, seq)."""

    effect: Literal["account_record"] = "account_record"
    events: tuple[AccountEvent, ...]

    @property
    def seq(self) -> int:
        return self.events[0].seq

    @property
    def key(self) -> str:
        """By what an operator names it."""
        return f"record:{self.seq}"


class PlaceHolds(Frozen):
    """Suspend for nonpayment what the invoice charges, or all, by the `scope` (SUS-1, MON-9)."""

    effect: Literal["hold"] = "hold"
    seq: int
    at: Instant
    invoice: InvoiceId
    scope: HoldScope = HoldScope.ALL


class LiftHolds(Frozen):
    """Lift exactly the holds that `PlaceHolds` placed, but for those of the invoices in `keep` (SUS-9, MON-9)."""

    effect: Literal["lift"] = "lift"
    seq: int
    at: Instant
    keep: tuple[InvoiceId, ...] = ()


AccountEffect = Annotated[Open | Close | Look | AccountRecord | PlaceHolds | LiftHolds, Field(discriminator="effect")]


class CloseReceipt(Frozen):
    """The invoices of a closed month: one per currency that had lines."""

    period: Period
    invoices: tuple[InvoiceHead, ...] = ()


class AccountDecision(Frozen):
    """The account after the decision, the events, the effects, and the answer to a request."""

    account: Account
    events: tuple[AccountEvent, ...] = ()
    effects: tuple[AccountEffect, ...] = ()
    answer: Answer | None = None
