"""Exact money: decimals with a currency, rounded once per line, half-up at the minor unit (MON-1)."""

from decimal import Decimal
from fractions import Fraction
from typing import Annotated

import iso4217
from pydantic import AfterValidator, Field

from domain.values import ExactDecimal, Frozen

PRICE_DECIMALS = 6
"""A unit price may have so many decimals, whatever its currency has (MON-12)."""
EXPONENTS: dict[str, int] = {c.code: c.exponent for c in iso4217.Currency if c.exponent is not None}


def _known_currency(code: str) -> str:
    if code not in EXPONENTS:
        raise ValueError("takes an ISO 4217 currency code such as USD, EUR or JPY")
    return code


Currency = Annotated[str, AfterValidator(_known_currency), Field(json_schema_extra={"pattern": "^[A-Z]{3}$"})]


class Money(Frozen):
    """An amount in units of a currency, with exactly as many decimals as the currency has."""

    amount: ExactDecimal
    currency: Currency

    def __str__(self) -> str:
        return f"{self.currency} {self.amount:f}"


def to_minor(amount: Decimal, currency: str) -> int:
    """The amount in minor units of the currency. Raises ValueError if it has more decimals than the currency."""
    if not fits(amount, currency):
        raise ValueError(f"{amount} has more decimals than {currency} has ({EXPONENTS[currency]})")
    return int(Fraction(amount) * 10 ** EXPONENTS[currency])


def from_minor(minor: int, currency: str) -> Decimal:
    """The decimal amount of a number of minor units."""
    return Decimal(minor).scaleb(-EXPONENTS[currency])


def fits(amount: Decimal, currency: str) -> bool:
    """Whether the amount has no more decimals than the currency."""
    return _has_at_most(EXPONENTS[currency], amount)


def price_fits(price: Decimal) -> bool:
    """Whether the unit price has no more than `PRICE_DECIMALS` decimals (MON-12)."""
    return _has_at_most(PRICE_DECIMALS, price)


def _has_at_most(decimals: int, amount: Decimal) -> bool:
    scaled: Fraction = Fraction(amount) * 10**decimals
    return scaled.denominator == 1


def shown_price(price: Decimal, currency: str) -> Decimal:
    """The unit price as people read it: unrounded, with at least the decimals of its currency (MON-12)."""
    own = -int(price.normalize().as_tuple().exponent)
    return price.quantize(Decimal(1).scaleb(-max(own, EXPONENTS[currency])))


def round_half_up(exact: Fraction, currency: str) -> Decimal:
    """The exact amount, zero or more, rounded half-up at the minor unit of the currency (MON-1)."""
    scaled: Fraction = exact * 10 ** EXPONENTS[currency]
    return from_minor((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator), currency)


def total(amounts: list[Decimal], currency: str) -> Money | None:
    """The sum of the amounts as money, or None if there are none."""
    if not amounts:
        return None
    return Money(amount=sum(amounts, from_minor(0, currency)), currency=currency)
