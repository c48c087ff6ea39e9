"""MON-1: exact decimals with a currency, rounded once, half-up at the minor unit; no float anywhere."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.money import EXPONENTS, Money, fits, from_minor, round_half_up, shown_price, to_minor, total

currencies = st.sampled_from(["JPY", "EUR", "USD", "KWD", "CLF"])
fractions = st.fractions(min_value=0, max_value=10**12, max_denominator=10**6)


def test_exponents_are_those_of_iso_4217() -> None:
    assert {code: EXPONENTS[code] for code in ("JPY", "EUR", "USD", "KWD", "CLF")} == {
        "JPY": 0,
        "EUR": 2,
        "USD": 2,
        "KWD": 3,
        "CLF": 4,
    }


@pytest.mark.parametrize(
    ("exact", "currency", "rounded"),
    [
        (Fraction(1, 200), "USD", "0.01"),
        (Fraction(4999, 1_000_000), "USD", "0.00"),
        (Fraction(15, 1000), "EUR", "0.02"),
        (Fraction(25, 1000), "EUR", "0.03"),
        (Fraction(1, 2), "JPY", "1"),
        (Fraction(5, 2), "JPY", "3"),
        (Fraction(1, 2000), "KWD", "0.001"),
        (Fraction(10, 3), "KWD", "3.333"),
        (Fraction(30), "USD", "30.00"),
    ],
)
def test_half_goes_up_at_the_minor_unit(exact: Fraction, currency: str, rounded: str) -> None:
    assert str(round_half_up(exact, currency)) == rounded


@given(fractions, currencies)
def test_rounding_is_exact_to_half_a_minor_unit(exact: Fraction, currency: str) -> None:
    unit = Fraction(1, 10 ** EXPONENTS[currency])
    error = Fraction(round_half_up(exact, currency)) - exact
    assert -unit / 2 < error <= unit / 2


@given(st.decimals(0, 10**9, places=6), currencies)
def test_rounding_agrees_with_the_decimal_modules(amount: Decimal, currency: str) -> None:
    unit = Decimal(1).scaleb(-EXPONENTS[currency])
    assert round_half_up(Fraction(amount), currency) == amount.quantize(unit, ROUND_HALF_UP)


@given(st.integers(0, 10**15), currencies)
def test_minor_units_there_and_back(minor: int, currency: str) -> None:
    assert to_minor(from_minor(minor, currency), currency) == minor
    assert fits(from_minor(minor, currency), currency)


@pytest.mark.parametrize(("amount", "currency"), [("0.5", "JPY"), ("0.001", "USD"), ("1.2345", "KWD")])
def test_more_decimals_than_the_currency_has(amount: str, currency: str) -> None:
    assert not fits(Decimal(amount), currency)
    with pytest.raises(ValueError, match="more decimals"):
        to_minor(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("price", "currency", "shown"),
    [
        ("0.89404", "USD", "0.89404"),
        ("10", "USD", "10.00"),
        ("0.500000", "USD", "0.50"),
        ("1200", "JPY", "1200"),
        ("0.5", "JPY", "0.5"),
        ("0", "KWD", "0.000"),
        ("999999999999.000001", "USD", "999999999999.000001"),
    ],
)
def test_mon_12_a_price_is_shown_unrounded(price: str, currency: str, shown: str) -> None:
    assert f"{shown_price(Decimal(price), currency):f}" == shown


def test_trailing_zeros_are_no_more_decimals() -> None:
    assert fits(Decimal("980.000"), "JPY")
    assert to_minor(Decimal("10.5000"), "USD") == 1050


def test_a_total_has_the_currencys_decimals() -> None:
    money = total([Decimal("30"), Decimal("2.5")], "USD")
    assert money is not None
    assert str(money) == "USD 32.50"
    assert total([], "USD") is None


@pytest.mark.parametrize("amount", [1.5, 30.0, "1e3", "-1", "NaN", True])
def test_money_takes_no_float_and_no_other_number(amount: object) -> None:
    with pytest.raises(ValidationError, match="never a float"):
        Money.model_validate({"amount": amount, "currency": "USD"})


@pytest.mark.parametrize("code", ["US", "usd", "XXX1", "", "XAU"])
def test_unknown_currencies_are_refused(code: str) -> None:
    """Gold is on the list too, but has no minor unit to round at."""
    with pytest.raises(ValidationError, match="ISO 4217"):
        Money.model_validate({"amount": "1", "currency": code})
