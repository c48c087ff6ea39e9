"""The requests to a billing account: one strict model per request."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from domain.account.invoice import InvoiceId
from domain.account.openings import OpenInvoice, SomeAmount, in_minor_units
from domain.account.own_terms import NEVER, OwnTerms
from domain.money import Currency, Money, from_minor, to_minor
from domain.policy import PackName
from domain.roles import AccountAction
from domain.values import WITHOUT_NUL, Id, RequestInstant, Signature, Strict, fingerprint, readable, without_nul

MOST_AT_ONCE = 100
"""Invoices per request."""
CorrectionReason = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(readable), WITHOUT_NUL]
FailureReason = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(without_nul), WITHOUT_NUL]


class AccountRequest(Strict):
    """The fields of every request. `by` is a role or party (ROL-4); `at` is for accounts with a test clock."""

    action: ClassVar[AccountAction]

    by: Annotated[str, Field(min_length=1, max_length=64)]
    actor: Signature | None = None
    at: RequestInstant | None = None

    def fingerprint(self) -> str:
        """A digest of the request, to recognise a repeat. Fields that are not set are left out."""
        return fingerprint([self.action, self.model_dump(mode="json", exclude_none=True)])


class OfMoney(AccountRequest):
    """A request with an amount in a currency, of whole minor units."""

    # Declared before the amount, whose check needs it.
    currency: Currency
    amount: SomeAmount

    in_whole_minor_units = field_validator("amount")(in_minor_units)

    @property
    def money(self) -> Money:
        """The amount with the decimals of its currency: `1.500` dollars are `1.50`."""
        whole = from_minor(to_minor(self.amount, self.currency), self.currency)
        return Money(amount=whole, currency=self.currency)


class ReceivePayment(OfMoney):
    """A payment was received. Without an `invoice` it pays the unpaid ones in its currency, earliest due first (MON-6).

    The `payment_id` distinguishes a repeat from another payment.
    """

    action = AccountAction.PAY
    do: Literal["pay"] = "pay"
    payment_id: Id
    invoice: InvoiceId | None = None


class FailPayment(AccountRequest):
    """A payment failed: recorded on its invoice, or on the unpaid one that is due first (MON-6)."""

    action = AccountAction.FAIL_PAYMENT
    do: Literal["fail_payment"] = "fail_payment"
    payment_id: Id | None = None
    invoice: InvoiceId | None = None
    reason: FailureReason | None = None


class ChangeTerms(OwnTerms, AccountRequest):
    """Change the terms of payment: those of a policy pack, with or without suspension for nonpayment (MON-6, MON-11).

    They hold for invoices closed from then on. Another pack keeps the customer's own terms. Each of those changes only
    where the request has it.
    """

    action = AccountAction.CHANGE_TERMS
    do: Literal["change_terms"] = "change_terms"
    policy: PackName | None = None
    suspends: bool | None = None

    @field_validator("suspends")
    @classmethod
    def _as_its_days(cls, suspends: bool | None, info: ValidationInfo) -> bool | None:
        days = info.data.get("suspend_days")
        if suspends is not None and days is not None and suspends == (days == NEVER):
            raise ValueError(f"takes no other answer than suspend_days, which is {days}")
        return suspends


class MovedInvoice(OpenInvoice):
    """An invoice to take over; `held`: an account there had suspended what it charges for nonpayment (MON-9)."""

    held: bool = False


class TakeOverInvoices(AccountRequest):
    """What the customer owes on invoices of another system is owed here from now on (MOV-6).

    An invoice is taken over once, by its number there.
    """

    action = AccountAction.TAKE_OVER_INVOICES
    do: Literal["take_over_invoices"] = "take_over_invoices"
    invoices: Annotated[tuple[MovedInvoice, ...], Field(min_length=1, max_length=MOST_AT_ONCE, strict=False)]


class IssueCreditNote(OfMoney):
    """A credit note of goodwill, or one that corrects an invoice, which is not altered (MON-10).

    It settles that invoice first, then the others in the currency, the earliest due first; the rest becomes credit. The
    `credit_id` distinguishes a repeat from another one.
    """

    action = AccountAction.CREDIT_NOTE
    do: Literal["credit_note"] = "credit_note"
    credit_id: Id
    invoice: InvoiceId | None = None
    reason: CorrectionReason


class WriteOff(AccountRequest):
    """What is still owed on an invoice is given up (MON-10)."""

    action = AccountAction.WRITE_OFF
    do: Literal["write_off"] = "write_off"
    invoice: InvoiceId
    reason: CorrectionReason


class ReserveRefund(OfMoney):
    """Credit is to be paid out: it is reserved until `refund_paid` says that it was (MON-10).

    The `refund_id` distinguishes a repeat from another one.
    """

    action = AccountAction.REFUND
    do: Literal["refund"] = "refund"
    refund_id: Id
    reason: CorrectionReason


class ConfirmRefund(AccountRequest):
    """A reserved refund was paid out, by the service that moves money (MON-10)."""

    action = AccountAction.REFUND_PAID
    do: Literal["refund_paid"] = "refund_paid"
    refund_id: Id


class ReversePayment(AccountRequest):
    """A payment was taken back, as by a charge-back: what it paid is owed again as of the due date (MON-10)."""

    action = AccountAction.REVERSE_PAYMENT
    do: Literal["reverse_payment"] = "reverse_payment"
    payment_id: Id
    reason: CorrectionReason


Correction = IssueCreditNote | WriteOff | ReserveRefund | ConfirmRefund | ReversePayment
"""The requests that correct money. They are decided on what the books have of what they name (MON-10)."""

AnyAccountRequest = Annotated[
    ReceivePayment
    | FailPayment
    | ChangeTerms
    | TakeOverInvoices
    | IssueCreditNote
    | WriteOff
    | ReserveRefund
    | ConfirmRefund
    | ReversePayment,
    Field(discriminator="do"),
]
