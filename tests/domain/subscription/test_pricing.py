"""MON-3, MON-4, CXL-5, SUS-10: whole periods, the days left, and all of an order."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import boundary
from domain.money import EXPONENTS
from domain.ordering.terms import Order
from domain.subscription.ledger import Kind, LedgerRow
from domain.subscription.pricing import full_credit, period_charges, prorated, rest_of_period, usage_charge
from domain.subscription.subscription import Subscription, Term
from domain.subscription.usage import Usage
from tests.support.shop.offers import offer as sold

ANCHOR = datetime(2026, 1, 31, 9, tzinfo=UTC)


def running(  # a subscription in its first period
    price: str = "10.00",
    quantity: int = 3,
    currency: str = "USD",
    *,
    billing_type: str = "license",
    add_on: str = "2.50",
) -> Subscription:
    """Active since the anchor, monthly."""
    offer = sold(
        id="crm",
        billing_type=billing_type,
        currency=currency,
        unit_price=price,
        add_ons=[{"id": "backup", "unit_price": add_on}, {"id": "audit", "unit_price": "0"}],
    )
    add_ons = {"audit": 4, "backup": 1}
    order = Order(subscription_id="s", customer="c", offer=offer, at=ANCHOR, quantity=quantity, add_ons=add_ons)
    term = Term(number=1, start=ANCHOR, end=boundary(ANCHOR, 1, offer.anchor_rule), months_in=0)
    return order.subscription().model_copy(
        update={"anchor": ANCHOR, "term": term, "period": 1, "first_billing": ANCHOR}
    )


def test_mon_3_a_period_is_charged_in_advance_base_line_first() -> None:
    rows = period_charges(running(), ANCHOR)
    assert [(row.line, str(row.amount), int(row.quantity)) for row in rows] == [
        ("crm", "30.00", 3),
        ("backup", "2.50", 1),
    ]
    assert {row.kind for row in rows} == {Kind.CHARGE}
    assert rows[0].period.end == datetime(2026, 2, 28, 9, tzinfo=UTC)
    assert [row.key for row in rows] == ["term-1/period-1/charge/crm", "term-1/period-1/charge/backup"]


def test_mon_3_a_usage_offers_add_ons_are_licences_and_its_base_line_is_not() -> None:
    assert [row.line for row in period_charges(running(billing_type="usage"), ANCHOR)] == ["backup"]


@pytest.mark.parametrize(
    ("at", "left"),
    [
        ("2026-01-31T09:00:00+00:00", 28),
        ("2026-01-31T23:59:59+00:00", 28),
        ("2026-02-01T00:00:00+00:00", 27),
        ("2026-02-27T23:59:59+00:00", 1),
        ("2026-02-28T08:59:59+00:00", 0),
    ],
)
def test_mon_4_days_left_are_dates_and_the_day_of_the_change_is_left(at: str, left: int) -> None:
    """The period has 28 days: 28.00 a licence makes a day a unit."""
    instant = datetime.fromisoformat(at)
    rows = prorated(running("28.00"), Kind.CREDIT, "crm", 1, Decimal("28.00"), instant, 7)
    assert [row.amount for row in rows] == ([Decimal(left)] if left else [])
    for row in rows:
        assert (row.period.start, row.period.end) == (instant, datetime(2026, 2, 28, 9, tzinfo=UTC))
        assert (row.kind, row.key) == (Kind.CREDIT, "seq-7/credit/crm")


@pytest.mark.parametrize(
    ("price", "currency", "at", "amount"),
    [
        ("0.01", "USD", "2026-02-14", "0.01"),
        ("0.01", "USD", "2026-02-15", None),
        ("1", "JPY", "2026-02-14", "1"),
        ("1", "JPY", "2026-02-15", None),
        ("0.001", "KWD", "2026-02-14", "0.001"),
        ("0.99", "USD", "2026-02-13", "0.53"),
    ],
)
def test_mon_4_one_cent_cases(price: str, currency: str, at: str, amount: str | None) -> None:
    """14 of 28 days of a cent is half a cent and goes up; 13 of 28 comes to nothing and no row is written."""
    instant = datetime.fromisoformat(f"{at}T12:00:00+00:00")
    rows = prorated(running(price, currency=currency), Kind.CHARGE, "crm", 1, Decimal(price), instant, 2)
    assert [str(row.amount) for row in rows] == ([amount] if amount else [])


@given(
    st.integers(0, 10**9),
    st.integers(1, 10**4),
    st.timedeltas(timedelta(0), timedelta(days=27, hours=23)).map(lambda since: ANCHOR + since),
    st.sampled_from(["JPY", "USD", "KWD"]),
)
def test_mon_12_each_row_is_rounded_once_from_the_exact_fraction(
    millionths: int, quantity: int, at: datetime, currency: str
) -> None:
    """MON-4, MON-12: a whole period, the days left and usage, at a price of six decimals in any currency."""
    unit = Fraction(1, 10 ** EXPONENTS[currency])
    price = Decimal(millionths).scaleb(-6)
    left = (date(2026, 2, 28) - at.date()).days
    subscription = running(f"{price:f}", quantity, currency)
    whole = Fraction(price) * quantity
    for rows, exact in (
        ([row for row in period_charges(subscription, at) if row.line == "crm"], whole),
        (prorated(subscription, Kind.CREDIT, "crm", quantity, price, at, 2), whole * left / 28),
        (used(f"{price:f}", quantity, currency), whole),
    ):
        written = Fraction(rows[0].amount) if rows else Fraction(0)
        assert -unit / 2 < written - exact <= unit / 2


def used(price: str, units: int, currency: str) -> list[LedgerRow]:
    """The row for the units of a usage offer's first period."""
    subscription = running(price, currency=currency, billing_type="usage")
    (charge,) = usage_charge(subscription, subscription.billing_period(1).end)
    return list(charge.rows([Usage(used_at=subscription.billing_period(1).start, units=Decimal(units))]))


@pytest.mark.parametrize(
    ("price", "units", "currency", "amount"),
    [
        ("0.89404", 1000, "USD", "894.04"),
        ("0.894045", 1000, "USD", "894.05"),
        ("0.894044", 1000, "USD", "894.04"),
        ("0.000001", 499_999, "JPY", None),
        ("0.000001", 500_000, "JPY", "1"),
        ("0.000001", 500, "KWD", "0.001"),
    ],
)
def test_mon_12_a_price_below_a_cent(price: str, units: int, currency: str, amount: str | None) -> None:
    assert [str(row.amount) for row in used(price, units, currency)] == ([amount] if amount else [])
    charged = [row for row in period_charges(running(price, units, currency), ANCHOR) if row.line == "crm"]
    assert [str(row.amount) for row in charged] == ([amount] if amount else [])


def test_sus_6_the_rest_of_a_period_is_every_licence_line() -> None:
    rows = rest_of_period(running("28.00", add_on="14.00"), datetime(2026, 2, 14, tzinfo=UTC), 5)
    assert [(row.line, row.amount) for row in rows] == [("crm", Decimal(42)), ("backup", Decimal(7))]
    assert [row.key for row in rows] == ["seq-5/charge/crm", "seq-5/charge/backup"]


def test_cxl_5_a_full_credit_is_what_is_left_of_each_line() -> None:
    subscription = running().model_copy(update={"refundable": {"crm": Decimal("31.07"), "backup": Decimal(0)}})
    rows = full_credit(subscription, datetime(2026, 2, 1, tzinfo=UTC), 3)
    assert [(row.line, str(row.amount), int(row.quantity), row.kind) for row in rows] == [
        ("crm", "31.07", 3, Kind.CREDIT)
    ]
    assert (rows[0].period.start, rows[0].period.end) == (ANCHOR, datetime(2026, 2, 28, 9, tzinfo=UTC))


def test_sus_10_usage_is_charged_in_arrears_for_the_time_used() -> None:
    subscription = running("0.25", billing_type="usage")
    early = datetime(2026, 2, 10, tzinfo=UTC)
    (charge,) = usage_charge(subscription, early, final=True)
    assert (charge.period.start, charge.period.end) == (ANCHOR, early)
    assert (charge.used_from, charge.used_before) == (ANCHOR, None)
    (row,) = charge.rows([Usage(used_at=ANCHOR, units=Decimal("12.5"))])
    assert (str(row.amount), str(row.quantity), row.line) == ("3.13", "12.5", "crm")
    assert charge.rows([Usage(used_at=ANCHOR, units=Decimal("0.01"))]) == ()


def test_sus_10_what_is_used_at_the_boundary_belongs_to_the_next_period() -> None:
    end = datetime(2026, 2, 28, 9, tzinfo=UTC)
    (charge,) = usage_charge(running("0.25", billing_type="usage"), end)
    assert (charge.used_before, charge.period.end) == (end, end)


def test_mon_3_licences_and_trials_have_no_usage_to_charge() -> None:
    assert usage_charge(running(), ANCHOR) == ()
    in_trial = running(billing_type="usage").model_copy(update={"term": None})
    assert usage_charge(in_trial, ANCHOR) == ()
