"""MON-13: how lines are taxed, how tax is rounded, and what credit notes take back of it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.account.taxing import InvoiceTax, TaxedAmount, TaxPart, TaxShare, credited_tax, parts_of, shares_of
from domain.calendar import Period
from domain.subscription.ledger import Kind, LedgerRow, charges_taken_back
from domain.taxes.sale import Buyer, Supply, TaxRounding, Treatments
from domain.taxes.treatment import TaxCategory, Treatment, taxed_at

JUNE, JULY = (datetime(2026, month, 1, tzinfo=UTC) for month in (6, 7))
NINETEEN, SIXTEEN = taxed_at(Decimal("0.19")), taxed_at(Decimal("0.16"))
AT_DATE: Treatments = {
    Supply(on=day): NINETEEN if day < date(2026, 7, 1) else SIXTEEN
    for day in (date(2026, 6, 1) + timedelta(each) for each in range(90))
}


def row(key: str, at: datetime, amount: str, kind: Kind = Kind.CHARGE, **changes: Any) -> LedgerRow:
    """A row whose period is the 30 days from its instant."""
    fields = {
        "at": at,
        "kind": kind,
        "line": "crm",
        "quantity": "1",
        "amount": amount,
        "currency": "EUR",
        "period": Period(start=at, end=at + timedelta(30)),
        "key": key,
    }
    return LedgerRow.model_validate({**fields, **changes})


def nets(shares: Iterable[TaxShare]) -> list[tuple[str, str]]:
    return [(share.treatment.short if share.treatment else "none", f"{share.net:f}") for share in shares]


def taxed(rows: Sequence[LedgerRow], invoiced: dict[str, tuple[TaxShare, ...]] | None = None) -> dict[str, Any]:
    return {key: nets(shares) for key, shares in shares_of(rows, AT_DATE, invoiced or {}).items()}


def test_mon_13_a_credit_has_the_rate_of_its_charge() -> None:
    rows = [row("june", JUNE, "10.00"), row("back", JULY, "4.00", Kind.CREDIT), row("july", JULY, "10.00")]
    assert taxed(rows) == {"june": [("19 %", "10.00")], "back": [("19 %", "4.00")], "july": [("16 %", "10.00")]}


def test_mon_13_it_takes_its_own_period_first_then_the_newest_and_so_two_rates() -> None:
    middle = JUNE + timedelta(15)
    rows = [
        row("whole", JUNE, "10.00", period=Period(start=JUNE, end=JUNE + timedelta(60))),
        row("added", JULY, "3.00", period=Period(start=JULY, end=JUNE + timedelta(60))),
        row("another line", JULY, "99.00", line="backup"),
        row("back", JULY + timedelta(1), "8.00", Kind.CREDIT),
        row("late", JULY + timedelta(2), "5.50", Kind.CREDIT, period=Period(start=middle, end=middle)),
    ]
    found = taxed(rows)
    assert found["back"] == [("16 %", "3.00"), ("19 %", "5.00")]
    # 5.00 are left of the first; what is credited beyond all charges has the rate of its own date.
    assert found["late"] == [("19 %", "5.00"), ("16 %", "0.50")]
    taken = charges_taken_back(rows)
    assert [(part.charge.key, f"{part.amount:f}") for part in taken["late"]] == [("whole", "5.00")]


def test_mon_13_what_is_invoiced_keeps_its_tax_and_so_do_its_credits() -> None:
    then = (TaxShare(treatment=Treatment(category=TaxCategory.REVERSE_CHARGE), net=Decimal("10.00")),)
    found = taxed([row("june", JUNE, "10.00"), row("back", JULY, "4.00", Kind.CREDIT)], {"june": then})
    assert found["back"] == [("reverse charge", "4.00")]
    untaxed = (TaxShare(treatment=None, net=Decimal("10.00")),)
    found = taxed([row("june", JUNE, "10.00"), row("back", JULY, "4.00", Kind.CREDIT)], {"june": untaxed})
    assert found["back"] == [("none", "4.00")]


def lines(*amounts: str, kind: Kind = Kind.CHARGE, treatment: Treatment = NINETEEN) -> list[tuple[Kind, Any]]:
    return [(kind, (TaxShare(treatment=treatment, net=Decimal(amount)),)) for amount in amounts]


def figures(part: TaxPart) -> tuple[str, ...]:
    return tuple(f"{each:f}" for each in (part.charged, part.credited, part.tax_charged, part.tax_credited, part.tax))


@pytest.mark.parametrize(("rounding", "tax"), [(TaxRounding.DOCUMENT, "0.19"), (TaxRounding.LINE, "0.18")])
def test_mon_13_three_lines_of_33_cents(rounding: TaxRounding, tax: str) -> None:
    """EN 16931 rounds once for each rate of a document."""
    (part,) = parts_of(lines("0.33", "0.33", "0.33"), rounding, "EUR")
    assert f"{part.tax:f}" == tax


def test_mon_13_rates_are_rounded_apart_and_the_highest_comes_first() -> None:
    none: list[tuple[Kind, Any]] = [(Kind.CHARGE, (TaxShare(treatment=None, net=Decimal("5.00")),))]
    found = parts_of(
        [*none, *lines("0.33", treatment=SIXTEEN), *lines("0.33"), *lines("0.33", kind=Kind.CREDIT)],
        TaxRounding.DOCUMENT,
        "EUR",
    )
    assert [figures(part) for part in found] == [
        ("0.33", "0.33", "0.06", "0.06", "0.00"),
        ("0.33", "0.00", "0.05", "0.00", "0.05"),
        ("5.00", "0.00", "0.00", "0.00", "0.00"),
    ]


@pytest.mark.parametrize(
    ("currency", "charged", "credited", "rate", "tax"),
    [
        ("JPY", "1985", "0", "0.1", "199"),
        ("JPY", "0", "1985", "0.1", "-199"),
        ("EUR", "0.00", "0.05", "0.1", "-0.01"),
        ("EUR", "0.05", "0.00", "0.1", "0.01"),
        ("KWD", "0.005", "0.000", "0.1", "0.001"),
        ("EUR", "9999999999.99", "0.00", "0.19", "1900000000.00"),
    ],
)
def test_mon_13_half_up_at_the_minor_unit(currency: str, charged: str, credited: str, rate: str, tax: str) -> None:
    treatment = taxed_at(Decimal(rate))
    both = [*lines(charged, treatment=treatment), *lines(credited, kind=Kind.CREDIT, treatment=treatment)]
    (part,) = parts_of(both, TaxRounding.DOCUMENT, currency)
    assert f"{part.tax:f}" == tax
    assert part.tax_charged >= 0 <= part.tax_credited


CENTS = st.integers(min_value=1, max_value=10_000).map(lambda cents: Decimal(cents).scaleb(-2))


@given(
    st.lists(st.tuples(st.sampled_from(Kind), CENTS, st.sampled_from((NINETEEN, SIXTEEN, None))), min_size=1),
    st.sampled_from(TaxRounding),
)
def test_mon_13_sums_close_and_are_rounded_at_most_once_each(
    drawn: list[tuple[Kind, Decimal, Treatment | None]], rounding: TaxRounding
) -> None:
    parts = parts_of(
        [(kind, (TaxShare(treatment=treatment, net=net),)) for kind, net, treatment in drawn], rounding, "EUR"
    )
    assert sum(part.net for part in parts) == sum(net if kind is Kind.CHARGE else -net for kind, net, _ in drawn)
    for part in parts:
        assert part.tax_charged >= 0 <= part.tax_credited
        exact = Fraction(part.net) * Fraction(part.treatment.rate if part.treatment else 0)
        times = 1 if rounding is TaxRounding.DOCUMENT else sum(each[2] == part.treatment for each in drawn)
        assert 200 * abs(Fraction(part.tax) - exact) <= times


@given(
    st.lists(st.tuples(CENTS, st.sampled_from((NINETEEN, SIXTEEN, None))), min_size=1, max_size=4),
    st.lists(st.integers(min_value=1, max_value=5_000), max_size=6),
)
def test_mon_13_notes_for_a_whole_invoice_take_back_exactly_its_tax(
    charged: list[tuple[Decimal, Treatment | None]], shares: list[int]
) -> None:
    parts = parts_of(
        [(Kind.CHARGE, (TaxShare(treatment=treatment, net=net),)) for net, treatment in charged],
        TaxRounding.DOCUMENT,
        "EUR",
    )
    tax = InvoiceTax(buyer=Buyer(country="DE"), rounding=TaxRounding.DOCUMENT, parts=parts)
    left = sum((part.net + part.tax for part in parts), Decimal(0))
    noted: list[TaxedAmount] = []
    for cents in [*shares, 10**9]:
        amount = min(Decimal(cents).scaleb(-2), left)
        if not amount:
            continue
        found = credited_tax(tax, amount, noted, "EUR")
        assert sum(each.gross for each in found) == amount
        assert all(each.net >= 0 <= each.tax for each in found)
        noted += found
        left -= amount
    for part in parts:
        its = [each for each in noted if each.treatment == part.treatment]
        assert (sum(each.net for each in its), sum(each.tax for each in its)) == (part.net, part.tax)
