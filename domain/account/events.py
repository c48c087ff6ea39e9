"""What happened to a customer's account: who, when, why, by which rule; and what is then to be done (MON-5, MON-6)."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.account.account import Account
from domain.account.invoice import InvoiceHead, InvoiceId, InvoiceState
from domain.calendar import Period
from domain.money import Currency
from domain.subscription.decision import Answer
from domain.values import ExactDecimal, Frozen, Instant


class AccountEventName(StrEnum):
    """One a transition of an invoice, one a payment; and what changes the account itself."""

    INVOICE_ISSUED = "invoice_issued"
    INVOICE_CARRIED = "invoice_carried"
    INVOICE_OVERDUE = "invoice_overdue"
    REMINDED = "reminded"
    SUSPENDED = "suspended_for_nonpayment"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_FAILED = "payment_failed"
    TERMS_CHANGED = "terms_changed"


class Allocation(Frozen):
    """What of a payment goes to an invoice, and how that invoice then stands."""

    invoice: InvoiceId
    amount: ExactDecimal
    state: InvoiceState


class AccountEvent(Frozen):
    """One entry of an account's journal. `seq` is the previous one plus 1 (invariant 8).

    `amount` is the invoice's due, the payment's amount; `credited` what of a payment becomes credit.
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


class Close(Frozen):
    """Write the invoices of a month that has ended: every row dated before its end that is on none yet (MON-5).

    `carried_in` is the credit that each currency's invoice takes.
    """

    effect: Literal["close"] = "close"
    period: Period
    due_at: Instant
    carried_in: dict[str, ExactDecimal]


class AccountRecord(Frozen):
    """Journal, payments and double entry of one decision, in one transaction keyed (customer, seq)."""

    effect: Literal["account_record"] = "account_record"
    events: tuple[AccountEvent, ...]

    @property
    def seq(self) -> int:
        """The decision's first event."""
        return self.events[0].seq


class PlaceHolds(Frozen):
    """Suspend the customer's licensed subscriptions for nonpayment (SUS-1, MON-6)."""

    effect: Literal["hold"] = "hold"
    seq: int
    at: Instant
    invoice: InvoiceId


class LiftHolds(Frozen):
    """Lift exactly the holds that were placed (SUS-9)."""

    effect: Literal["lift"] = "lift"
    seq: int
    at: Instant


AccountEffect = Annotated[Close | AccountRecord | PlaceHolds | LiftHolds, Field(discriminator="effect")]


class CloseReceipt(Frozen):
    """The invoices that a month came to: one for each currency that had lines."""

    period: Period
    invoices: tuple[InvoiceHead, ...] = ()


class AccountDecision(Frozen):
    """The account after it, its events, what is to be done, and the answer where somebody asked."""

    account: Account
    events: tuple[AccountEvent, ...] = ()
    effects: tuple[AccountEffect, ...] = ()
    answer: Answer | None = None
