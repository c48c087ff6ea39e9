"""Invoices of another system that are open on the day of the move: what is owed on them is owed here (MOV-6)."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from domain.account.invoice import InvoiceHead, InvoiceId, totals_of
from domain.money import EXPONENTS, Currency, fits, from_minor, to_minor
from domain.values import Frozen, RequestDecimal, RequestInstant, Strict, fingerprint, format_instant, readable

NO_SEMICOLON = r"^[^;]*$"
InvoiceNumber = Annotated[str, Field(min_length=1, max_length=80, pattern=NO_SEMICOLON), AfterValidator(readable)]
"""As the other system wrote it, which may be another Perennial; in a table `;` stands between several."""
SLUG = 40


def more_than_zero(amount: Decimal) -> Decimal:
    if not amount:
        raise ValueError("takes an amount of more than 0")
    return amount


def in_minor_units(amount: Decimal, info: ValidationInfo) -> Decimal:
    """The amount, if its currency has as many decimals: a validator of models with a currency. Raises ValueError."""
    currency = info.data.get("currency")
    if currency and not fits(amount, currency):
        raise ValueError(f"takes at most {EXPONENTS[currency]} decimals in {currency}")
    return amount


_NOT_ZERO = Field(json_schema_extra={"not": {"anyOf": [{"const": 0}, {"type": "string", "pattern": "^[0.]*$"}]}})
SomeAmount = Annotated[RequestDecimal, AfterValidator(more_than_zero), _NOT_ZERO]


class OpenInvoice(Strict):
    """An invoice that another system has issued, and what is still owed on it."""

    number: InvoiceNumber
    # Declared before the amount, whose check needs it.
    currency: Currency
    amount: SomeAmount
    issued_at: RequestInstant
    due_at: RequestInstant

    in_whole_minor_units = field_validator("amount")(in_minor_units)

    @property
    def owed(self) -> Decimal:
        """The amount with the decimals of its currency."""
        return from_minor(to_minor(self.amount, self.currency), self.currency)

    @property
    def trace(self) -> str:
        """The short form that an account keeps of it: `traced` by its number, followed by a digest of its facts."""
        facts = [f"{self.owed:f}", self.currency, format_instant(self.issued_at), format_instant(self.due_at)]
        return traced(self.number) + fingerprint(facts)


def traced(number: str) -> str:
    """The beginning of the trace of an invoice with that number."""
    return fingerprint(number)


def taken_over_id(customer_id: str, number: str) -> InvoiceId:
    """The invoice's id here, always the same: no invoice of ours has an id with such an end, and no other customer's.

    `2026/0815` becomes `2026-0815_` and 12 hexadecimal digits.
    """
    return f"{re.sub(r'[^A-Za-z0-9_-]', '-', number)[:SLUG]}_{fingerprint([customer_id, number])[:12]}"


def opening_of(customer_id: str, invoice: OpenInvoice, credit: Decimal) -> InvoiceHead:
    """The invoice as it is owed here: credit of the account pays it first, as it pays any new invoice (MON-5)."""
    its_id = taken_over_id(customer_id, invoice.number)
    return InvoiceHead(
        invoice=its_id,
        series=its_id,
        number=0,
        customer_id=customer_id,
        currency=invoice.currency,
        period=None,
        issued_at=invoice.issued_at,
        due_at=invoice.due_at,
        totals=totals_of(invoice.owed, from_minor(0, invoice.currency), credit, invoice.currency),
        taken_over=invoice.number,
    )


class Opening(Frozen):
    """What an account notes of an invoice that it takes over.

    `reminders` counts the dates of reminders that had passed by then: the other system sent those. With `held`
    subscriptions came that an account had suspended for nonpayment: they are held for this invoice now (MON-9).
    """

    head: InvoiceHead
    reminders: int = 0
    held: bool = False

    @property
    def invoice(self) -> OpenInvoice:
        """What the other system said of it."""
        head = self.head
        assert head.taken_over is not None
        return OpenInvoice(
            number=head.taken_over,
            currency=head.currency,
            amount=head.totals.charges,
            issued_at=head.issued_at,
            due_at=head.due_at,
        )
