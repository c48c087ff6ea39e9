"""Invoices: monthly documents of all charges and credits since the last one (MON-5)."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.account.lines import InvoiceLine, in_order, taxed_lines
from domain.account.taxing import InvoiceTax, Taxing
from domain.calendar import Period
from domain.money import Currency, Money, from_minor
from domain.subscription.ledger import Kind, LedgerRow
from domain.values import ExactDecimal, Frozen, Instant, OmitEmpty

NUMBER_DIGITS = 6
InvoiceId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,80}$")]


class InvoiceState(StrEnum):
    """The state of an invoice."""

    OPEN = "open"
    """The month is running: lines may still be added."""
    ISSUED = "issued"
    OVERDUE = "overdue"
    PAID = "paid"
    CARRIED = "carried"
    """Nothing is due: credit covers the charges; the rest of it settles earlier invoices or is carried over."""

    @property
    def unpaid(self) -> bool:
        return self in {InvoiceState.ISSUED, InvoiceState.OVERDUE}


class Totals(Frozen):
    """The sums of an invoice: `charges - credits` is its total before tax, `due` the amount to be paid.

    `carried_in` is the credit from before, `settles` what credit pays on earlier invoices, `carried_out` what is left.
    """

    charges: ExactDecimal
    credits: ExactDecimal
    carried_in: ExactDecimal
    due: ExactDecimal
    settles: ExactDecimal = Decimal(0)
    carried_out: ExactDecimal
    tax_charged: OmitEmpty[ExactDecimal] = Decimal(0)
    tax_credited: OmitEmpty[ExactDecimal] = Decimal(0)
    """The tax on what it charges and on what it credits (MON-13)."""

    @property
    def total(self) -> Decimal:
        """The sum of the lines, before tax; negative if more was credited than charged."""
        return self.charges - self.credits

    @property
    def tax(self) -> Decimal:
        return self.tax_charged - self.tax_credited

    @property
    def gross(self) -> Decimal:
        """The total with its tax."""
        return self.total + self.tax

    @property
    def applied(self) -> Decimal:
        """The credit, from its own lines and from before, that pays charges and their tax."""
        return self.charges + self.tax_charged - self.due


def totals(
    rows: Iterable[LedgerRow],
    carried_in: Decimal,
    currency: str,
    settles: Decimal = Decimal(0),
    tax: InvoiceTax | None = None,
) -> Totals:
    """The sums of rows of one currency with their tax. Credit beyond that is never paid out (MON-5, CXL-5).

    It pays what earlier invoices owe, `settles`, and the rest is carried over.
    """
    sums = {Kind.CHARGE: from_minor(0, currency), Kind.CREDIT: from_minor(0, currency)}
    for row in rows:
        sums[row.kind] += row.amount
    return totals_of(sums[Kind.CHARGE], sums[Kind.CREDIT], carried_in, currency, settles, tax)


def totals_of(
    charges: Decimal,
    credited: Decimal,
    carried_in: Decimal,
    currency: str,
    settles: Decimal = Decimal(0),
    tax: InvoiceTax | None = None,
) -> Totals:
    """The sums of an invoice by what its lines charge and credit, as `totals` has them."""
    tax_charged, tax_credited = (tax.charged, tax.credited) if tax else (Decimal(0), Decimal(0))
    available = credited + tax_credited + carried_in
    applied = min(charges + tax_charged, available)
    return Totals(
        charges=charges,
        credits=credited,
        carried_in=from_minor(0, currency) + carried_in,
        due=charges + tax_charged - applied,
        settles=from_minor(0, currency) + settles,
        carried_out=available - applied - settles,
        tax_charged=tax_charged,
        tax_credited=tax_credited,
    )


class Unpaid(Frozen):
    """An earlier invoice on which something is owed when a month ends."""

    invoice: InvoiceId
    currency: Currency
    owed: ExactDecimal
    due_at: Instant


class Settlement(Frozen):
    """What an invoice's credit pays on an earlier one."""

    invoice: InvoiceId
    amount: ExactDecimal


def settlements(credit: Decimal, currency: str, unpaid: Iterable[Unpaid]) -> tuple[Settlement, ...]:
    """What credit in that currency pays on unpaid invoices: the one that fell due first comes first (MON-5)."""
    found = []
    for each in sorted(unpaid, key=lambda each: (each.due_at, each.invoice)):
        if each.currency == currency and (part := min(credit, each.owed)):
            found.append(Settlement(invoice=each.invoice, amount=part))
            credit -= part
    return tuple(found)


class EndedMonth(Frozen):
    """A month whose invoices are written.

    `carried_in` is the credit per currency that they deduct, `unpaid` are the earlier invoices that credit settles.
    """

    period: Period
    due_at: Instant
    carried_in: dict[str, ExactDecimal]
    unpaid: tuple[Unpaid, ...] = ()


class InvoiceHead(Frozen):
    """A closed invoice without its lines. It never changes.

    One that was taken over has the number of the system that issued it, and neither a period nor lines here (MOV-6).
    """

    invoice: InvoiceId
    series: str
    number: int
    customer_id: str
    currency: Currency
    period: Period | None
    issued_at: Instant
    due_at: Instant
    totals: Totals
    settles: tuple[Settlement, ...] = ()
    taken_over: OmitEmpty[str | None] = None
    tax: OmitEmpty[InvoiceTax | None] = None
    """None: no tax was calculated (MON-13)."""

    @property
    def due(self) -> Money:
        return Money(amount=self.totals.due, currency=self.currency)

    @property
    def month(self) -> Period:
        """The time that it charges for; it must have been issued here."""
        assert self.period is not None
        return self.period


class Invoice(Frozen):
    """The whole invoice: its head, and its lines in order (`in_order`)."""

    head: InvoiceHead
    lines: tuple[InvoiceLine, ...]


def invoice_id(series: str, number: int) -> str:
    """The invoice number that people see; numbers have no gaps within the partner's series."""
    return f"{series}-{number:0{NUMBER_DIGITS}d}"


def credit_note_id(series: str, number: int) -> str:
    """The number of a credit note that people see: without gaps, in a series of its own beside the invoices'."""
    return f"{series}-C{number:0{NUMBER_DIGITS}d}"


def invoices_of(
    customer_id: str,
    series: str,
    last_number: int,
    month: EndedMonth,
    lines: Iterable[InvoiceLine],
    taxing: Taxing | None = None,
) -> tuple[Invoice, ...]:
    """The invoices of a month: one per currency that has lines, numbered from `last_number` + 1 on (MON-5).

    Without `taxing` no tax is calculated (MON-13).
    """
    by_currency: dict[str, list[InvoiceLine]] = defaultdict(list)
    for line in in_order(lines):
        by_currency[line.row.currency].append(line)
    invoices = []
    for number, (currency, its_lines) in enumerate(sorted(by_currency.items()), start=last_number + 1):
        rows, carried_in = [line.row for line in its_lines], month.carried_in.get(currency, Decimal(0))
        taxed, tax = taxed_lines(its_lines, currency, taxing)
        settles = settlements(totals(rows, carried_in, currency, tax=tax).carried_out, currency, month.unpaid)
        head = InvoiceHead(
            invoice=invoice_id(series, number),
            series=series,
            number=number,
            customer_id=customer_id,
            currency=currency,
            period=month.period,
            issued_at=month.period.end,
            due_at=month.due_at,
            totals=totals(rows, carried_in, currency, sum((each.amount for each in settles), Decimal(0)), tax),
            settles=settles,
            tax=tax,
        )
        invoices.append(Invoice(head=head, lines=tuple(taxed)))
    return tuple(invoices)
