"""What lines come to, and how they are made into invoices (MON-1, MON-5, CXL-5)."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.account.invoice import EndedMonth, Invoice, InvoiceState, Unpaid, invoice_id, invoices_of, totals
from domain.account.lines import InvoiceLine, in_order
from domain.calendar import Period
from domain.money import from_minor
from domain.subscription.ledger import Kind, LedgerRow
from domain.values import format_instant, parse_instant

AT = "2026-01-15T09:00:00Z"
MONTH = Period(start=parse_instant("2026-01-01T00:00:00Z"), end=parse_instant("2026-02-01T00:00:00Z"))
DUE = MONTH.end + timedelta(days=60)
NOTHING: Mapping[str, Decimal] = {}


def row(amount: str, kind: Kind = Kind.CHARGE, currency: str = "USD", at: str = AT, key: str = "k") -> LedgerRow:
    """One row of a ledger."""
    return LedgerRow(
        at=parse_instant(at),
        kind=kind,
        line="crm",
        quantity=Decimal(1),
        amount=Decimal(amount),
        currency=currency,
        period=MONTH,
        key=key,
    )


def credit(amount: str, currency: str = "USD") -> LedgerRow:
    """One credit."""
    return row(amount, Kind.CREDIT, currency)


def line(row: LedgerRow, subscription_id: str = "s-1") -> InvoiceLine:
    """The row on an invoice."""
    return InvoiceLine(subscription_id=subscription_id, row=row)


def invoiced(
    *lines: InvoiceLine,
    carried_in: Mapping[str, Decimal] = NOTHING,
    unpaid: tuple[Unpaid, ...] = (),
    last_number: int = 0,
) -> tuple[Invoice, ...]:
    """January's invoices of fabrikam."""
    month = EndedMonth(period=MONTH, due_at=DUE, carried_in=dict(carried_in), unpaid=unpaid)
    return invoices_of("fabrikam", "contoso", last_number, month, lines)


# Charges, credits, carried in; total, due, carried out, applied.
@pytest.mark.parametrize(
    ("charges", "credits", "carried_in", "total", "due", "carried_out", "applied"),
    [
        ([], [], "0", "0.00", "0.00", "0.00", "0.00"),
        (["30.00"], [], "0", "30.00", "30.00", "0.00", "0.00"),
        (["30.00", "0.01"], [], "0", "30.01", "30.01", "0.00", "0.00"),
        (["30.00"], ["12.50"], "0", "17.50", "17.50", "0.00", "12.50"),
        (["30.00"], ["30.00"], "0", "0.00", "0.00", "0.00", "30.00"),
        (["30.00"], ["30.01"], "0", "-0.01", "0.00", "0.01", "30.00"),
        ([], ["32.50"], "0", "-32.50", "0.00", "32.50", "0.00"),
        (["30.00"], [], "10.00", "30.00", "20.00", "0.00", "10.00"),
        (["30.00"], [], "30.00", "30.00", "0.00", "0.00", "30.00"),
        (["30.00"], [], "30.01", "30.00", "0.00", "0.01", "30.00"),
        (["30.00"], ["20.00"], "5.00", "10.00", "5.00", "0.00", "25.00"),
        (["30.00"], ["20.00"], "15.00", "10.00", "0.00", "5.00", "30.00"),
        ([], [], "7.00", "0.00", "0.00", "7.00", "0.00"),
    ],
)
def test_mon_5_what_the_lines_come_to(
    charges: list[str],
    credits: list[str],  # noqa: A002
    carried_in: str,
    total: str,
    due: str,
    carried_out: str,
    applied: str,
) -> None:
    found = totals([*map(row, charges), *map(credit, credits)], Decimal(carried_in), "USD")
    shown = (found.total, found.due, found.carried_out, found.applied)
    assert tuple(f"{amount:f}" for amount in shown) == (total, due, carried_out, applied)


@pytest.mark.parametrize(("currency", "zero"), [("USD", "0.00"), ("JPY", "0"), ("KWD", "0.000")])
def test_mon_1_every_sum_has_the_currencys_decimals(currency: str, zero: str) -> None:
    found = totals([], Decimal(0), currency)
    sums = (found.charges, found.credits, found.carried_in, found.due, found.carried_out, found.total)
    assert {f"{amount:f}" for amount in sums} == {zero}


def test_mon_1_large_sums_are_exact() -> None:
    """The most that one row can hold, ten times, and a cent."""
    most = from_minor(10**18, "USD")
    found = totals([row(f"{most:f}")] * 10 + [row("0.01")], Decimal(0), "USD")
    assert f"{found.due:f}" == "100000000000000000.01"


def owing(number: int, owed: str, due: str, currency: str = "USD") -> Unpaid:
    """An earlier invoice with something owed on it."""
    due_at = parse_instant(f"{due}T00:00:00Z")
    return Unpaid(invoice=f"contoso-{number}", currency=currency, owed=Decimal(owed), due_at=due_at)


# Credits of January; settled, carried out.
@pytest.mark.parametrize(
    ("credited", "settles", "carried_out"),
    [
        ("9.00", {}, "0.00"),
        ("10.00", {}, "0.00"),
        ("10.01", {"contoso-7": "0.01"}, "0.00"),
        ("40.00", {"contoso-7": "30.00"}, "0.00"),
        ("41.00", {"contoso-7": "30.00", "contoso-2": "1.00"}, "0.00"),
        ("67.00", {"contoso-7": "30.00", "contoso-2": "25.00", "contoso-3": "2.00"}, "0.00"),
        ("100.00", {"contoso-7": "30.00", "contoso-2": "25.00", "contoso-3": "5.00"}, "30.00"),
    ],
)
def test_mon_5_what_credit_is_left_settles_open_invoices_the_first_due_first(
    credited: str, settles: dict[str, str], carried_out: str
) -> None:
    """Those of its currency alone; at one due date by their numbers. First it pays January's own charge of 10.00."""
    unpaid = (
        owing(3, "5.00", "2026-01-20"),
        owing(9, "8", "2025-12-01", "JPY"),
        owing(2, "25.00", "2026-01-20"),
        owing(7, "30.00", "2026-01-10"),
    )
    (invoice,) = invoiced(line(row("10.00")), line(credit(credited)), unpaid=unpaid)
    assert {each.invoice: f"{each.amount:f}" for each in invoice.head.settles} == settles
    assert [each.invoice for each in invoice.head.settles] == list(settles)
    sums = invoice.head.totals
    assert f"{sums.carried_out:f}" == carried_out
    assert sums.settles == sum((each.amount for each in invoice.head.settles), Decimal(0))
    assert sums.total - sums.carried_in == sums.due - sums.settles - sums.carried_out


def test_mon_5_credit_from_before_settles_too() -> None:
    """Some of it may be left by an overpayment; only the month's charges come first."""
    carried_in = {"USD": Decimal("12.00")}
    (invoice,) = invoiced(line(row("10.00")), carried_in=carried_in, unpaid=(owing(1, "5.00", "2026-01-20"),))
    assert [f"{each.invoice} {each.amount:f}" for each in invoice.head.settles] == ["contoso-1 2.00"]


@given(
    st.lists(st.integers(0, 10_000), max_size=8),
    st.lists(st.integers(0, 10_000), max_size=8),
    st.integers(0, 20_000),
)
def test_cxl_5_never_a_pay_out_and_no_cent_lost(charged: list[int], credited: list[int], carried: int) -> None:
    rows = [row(f"{from_minor(n, 'USD'):f}") for n in charged] + [credit(f"{from_minor(n, 'USD'):f}") for n in credited]
    found = totals(rows, from_minor(carried, "USD"), "USD")
    assert found.due >= 0
    assert found.carried_out >= 0
    assert not (found.due and found.carried_out)
    assert found.total == from_minor(sum(charged) - sum(credited), "USD")
    assert found.total - found.carried_in == found.due - found.carried_out
    assert found.applied + found.due == found.charges


def test_mon_5_one_invoice_for_each_currency_by_its_code() -> None:
    yen, dollars, euros = line(row("500", currency="JPY")), line(row("30.00")), line(row("8.00", currency="EUR"))
    found = invoiced(yen, dollars, euros)
    assert [invoice.head.currency for invoice in found] == ["EUR", "JPY", "USD"]
    assert [invoice.lines for invoice in found] == [(euros,), (yen,), (dollars,)]
    assert [invoice.head.due.amount for invoice in found] == [Decimal("8.00"), Decimal(500), Decimal("30.00")]
    assert [invoice.head.due.currency for invoice in found] == ["EUR", "JPY", "USD"]


def test_mon_5_each_currency_takes_its_own_credit() -> None:
    found = invoiced(
        line(row("500", currency="JPY")), line(row("30.00")), carried_in={"USD": Decimal("12.00"), "EUR": Decimal(9)}
    )
    assert [(i.head.currency, f"{i.head.totals.carried_in:f}", f"{i.head.due.amount:f}") for i in found] == [
        ("JPY", "0", "500"),
        ("USD", "12.00", "18.00"),
    ]


def test_mon_5_numbers_go_on_after_the_series_last_one() -> None:
    found = invoiced(line(row("500", currency="JPY")), line(row("30.00")), last_number=41)
    assert [(i.head.series, i.head.number, i.head.invoice) for i in found] == [
        ("contoso", 42, "contoso-000042"),
        ("contoso", 43, "contoso-000043"),
    ]


@pytest.mark.parametrize(
    ("number", "named"), [(1, "contoso-000001"), (999_999, "contoso-999999"), (1_000_000, "contoso-1000000")]
)
def test_mon_5_a_number_is_written_with_six_digits_or_more(number: int, named: str) -> None:
    assert invoice_id("contoso", number) == named


def test_mon_5_its_head_is_the_month_its_customer_and_its_dates() -> None:
    (invoice,) = invoiced(line(row("30.00")))
    head = invoice.head
    assert head.customer_id == "fabrikam"
    assert head.period == MONTH
    assert (format_instant(head.issued_at), format_instant(head.due_at)) == (
        "2026-02-01T00:00:00Z",
        "2026-04-02T00:00:00Z",
    )


@pytest.mark.parametrize("carried_in", [NOTHING, {"USD": Decimal("12.00")}])
def test_mon_5_a_month_without_lines_has_no_invoice(carried_in: Mapping[str, Decimal]) -> None:
    assert invoiced(carried_in=carried_in) == ()


def test_mon_5_a_total_equals_its_lines() -> None:
    (invoice,) = invoiced(line(row("30.00", key="a")), line(credit("0.01")), line(row("2.50", key="b"), "s-2"))
    signed = [each.row.amount if each.row.kind is Kind.CHARGE else -each.row.amount for each in invoice.lines]
    assert invoice.head.totals.total == sum(signed) == Decimal("32.49")


def test_lines_stand_in_the_order_of_their_instants_then_subscriptions_then_of_writing() -> None:
    early, late = "2026-01-02T00:00:00Z", "2026-01-02T00:00:00.000001Z"
    lines = [
        line(row("1", at=late, key="z"), "s-1"),
        line(row("1", at=early, key="z"), "s-2"),
        line(row("1", at=early, key="a"), "s-2"),
        line(row("1", at=early, key="m"), "s-1"),
    ]
    ordered = in_order(lines)
    assert [(each.subscription_id, each.row.key) for each in ordered] == [
        ("s-1", "m"),
        ("s-2", "z"),
        ("s-2", "a"),
        ("s-1", "z"),
    ]
    (invoice,) = invoiced(*lines)
    assert invoice.lines == ordered


@pytest.mark.parametrize("state", InvoiceState)
def test_mon_6_only_issued_and_overdue_ones_are_unpaid(state: InvoiceState) -> None:
    assert state.unpaid == (state.value in {"issued", "overdue"})
