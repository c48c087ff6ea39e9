"""What may be asked of a billing account: one strict model a request."""

import hashlib
import json
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from domain.account.invoice import InvoiceId
from domain.money import EXPONENTS, Currency, fits
from domain.policy import PackName
from domain.roles import AccountAction
from domain.values import WITHOUT_NUL, Id, RequestDecimal, RequestInstant, Strict, without_nul


def _more_than_zero(amount: Decimal) -> Decimal:
    if not amount:
        raise ValueError("takes an amount of more than 0")
    return amount


_NOT_ZERO = Field(json_schema_extra={"not": {"anyOf": [{"const": 0}, {"type": "string", "pattern": "^[0.]*$"}]}})

PaymentAmount = Annotated[RequestDecimal, AfterValidator(_more_than_zero), _NOT_ZERO]
FailureReason = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(without_nul), WITHOUT_NUL]


class AccountRequest(Strict):
    """What every request carries: who asks. `at` is taken only by an account with a test clock."""

    action: ClassVar[AccountAction]

    by: Annotated[str, Field(min_length=1, max_length=64)]
    actor: Id | None = None
    at: RequestInstant | None = None

    def fingerprint(self) -> str:
        """A digest of what is asked; what is not said is left out."""
        asked = self.model_dump(mode="json", exclude_none=True)
        text = json.dumps([self.action, asked], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class ReceivePayment(AccountRequest):
    """Money has come in. Without an `invoice` it pays the unpaid ones in its currency, the oldest first (MON-6).

    The payment's id tells a repeat from another payment, for ever.
    """

    action = AccountAction.PAY
    do: Literal["pay"] = "pay"
    payment_id: Id
    # Before the amount, which is checked against it.
    currency: Currency
    amount: PaymentAmount
    invoice: InvoiceId | None = None

    @field_validator("amount")
    @classmethod
    def _in_whole_minor_units(cls, amount: Decimal, info: ValidationInfo) -> Decimal:
        currency = info.data.get("currency")
        if currency and not fits(amount, currency):
            raise ValueError(f"takes at most {EXPONENTS[currency]} decimals in {currency}")
        return amount


class FailPayment(AccountRequest):
    """A payment was tried and failed: noted on its invoice, or on the oldest unpaid one."""

    action = AccountAction.FAIL_PAYMENT
    do: Literal["fail_payment"] = "fail_payment"
    payment_id: Id | None = None
    invoice: InvoiceId | None = None
    reason: FailureReason | None = None


class ChangeTerms(AccountRequest):
    """Other terms of payment: a policy pack's, with or without suspension for nonpayment (MON-6)."""

    action = AccountAction.CHANGE_TERMS
    do: Literal["change_terms"] = "change_terms"
    policy: PackName | None = None
    suspends: bool | None = None


AnyAccountRequest = Annotated[ReceivePayment | FailPayment | ChangeTerms, Field(discriminator="do")]
