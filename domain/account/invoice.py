"""Invoices: monthly documents of all charges and credits since the last one (MON-5)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.calendar import Period
from domain.money import Currency, Money, from_minor
from domain.subscription.ledger import Kind, LedgerRow
from domain.values import ExactDecimal, Frozen, Instant

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
    """Nothing is due: credit covers the charges, and the rest of it is carried to the next invoice."""

    @property
    def unpaid(self) -> bool:
        return self in {InvoiceState.ISSUED, InvoiceState.OVERDUE}


class InvoiceLine(Frozen):
    """A ledger row of a subscription, as a line of an invoice."""

    subscription_id: str
    row: LedgerRow


class Totals(Frozen):
    """The sums of an invoice: `charges - credits` is its total, `due` the amount to be paid.

    `carried_in` is the credit from before, `carried_out` the credit that is left.
    """

    charges: ExactDecimal
    credits: ExactDecimal
    carried_in: ExactDecimal
    due: ExactDecimal
    carried_out: ExactDecimal

    @property
    def total(self) -> Decimal:
        """The sum of the lines; negative if more was credited than charged."""
        return self.charges - self.credits

    @property
    def applied(self) -> Decimal:
        """The credit, from its own lines and from before, that pays charges."""
        return self.charges - self.due


def totals(rows: Iterable[LedgerRow], carried_in: Decimal, currency: str) -> Totals:
    """The sums of rows of one currency. Credit beyond the charges is carried over, never paid out (MON-5, CXL-5)."""
    sums = {Kind.CHARGE: from_minor(0, currency), Kind.CREDIT: from_minor(0, currency)}
    for row in rows:
        sums[row.kind] += row.amount
    charges, credited = sums[Kind.CHARGE], sums[Kind.CREDIT]
    available = credited + carried_in
    applied = min(charges, available)
    return Totals(
        charges=charges,
        credits=credited,
        carried_in=from_minor(0, currency) + carried_in,
        due=charges - applied,
        carried_out=available - applied,
    )


class InvoiceHead(Frozen):
    """A closed invoice without its lines. It never changes."""

    invoice: InvoiceId
    series: str
    number: int
    customer_id: str
    currency: Currency
    period: Period
    issued_at: Instant
    due_at: Instant
    totals: Totals

    @property
    def due(self) -> Money:
        return Money(amount=self.totals.due, currency=self.currency)


class Invoice(Frozen):
    """The whole invoice: its head, and its lines in order (`in_order`)."""

    head: InvoiceHead
    lines: tuple[InvoiceLine, ...]


def invoice_id(series: str, number: int) -> str:
    """The invoice number that people see; numbers have no gaps within the partner's series."""
    return f"{series}-{number:0{NUMBER_DIGITS}d}"


def invoices_of(
    customer_id: str,
    series: str,
    last_number: int,
    period: Period,
    due_at: datetime,
    carried_in: Mapping[str, Decimal],
    lines: Iterable[InvoiceLine],
) -> tuple[Invoice, ...]:
    """The invoices of a month: one per currency that has lines, numbered from `last_number` + 1 on (MON-5)."""
    by_currency: dict[str, list[InvoiceLine]] = defaultdict(list)
    for line in in_order(lines):
        by_currency[line.row.currency].append(line)
    invoices = []
    for number, (currency, its_lines) in enumerate(sorted(by_currency.items()), start=last_number + 1):
        head = InvoiceHead(
            invoice=invoice_id(series, number),
            series=series,
            number=number,
            customer_id=customer_id,
            currency=currency,
            period=period,
            issued_at=period.end,
            due_at=due_at,
            totals=totals((line.row for line in its_lines), carried_in.get(currency, Decimal(0)), currency),
        )
        invoices.append(Invoice(head=head, lines=tuple(its_lines)))
    return tuple(invoices)


def in_order(lines: Iterable[InvoiceLine]) -> tuple[InvoiceLine, ...]:
    """The lines as an invoice orders them: by instant, then by subscription, then as they were written."""
    return tuple(sorted(lines, key=lambda line: (line.row.at, line.subscription_id)))
