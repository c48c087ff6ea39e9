"""What a customer owes and has as credit, from the lines of the invoices and the account's journal alone."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from domain.account.events import AccountEvent, AccountEventName
from domain.account.invoice import Invoice
from domain.account.lines import InvoiceLine
from domain.account.terms import BillingTerms
from domain.money import EXPONENTS
from domain.subscription.ledger import Kind
from statemachines.simulation.customer import CustomerSimulator

NOTHING = Decimal(0)
COPIED = ("owed", "credit", "net", "overdue", "held", "closed_by")


def net(lines: list[InvoiceLine]) -> Decimal:
    """Charges less credits."""
    return sum((line.row.amount if line.row.kind is Kind.CHARGE else -line.row.amount for line in lines), NOTHING)


def tax(lines: list[InvoiceLine], currency: str) -> Decimal:
    """The tax on charges less credits, rounded half-up once for each rate (MON-13)."""
    nets: dict[Decimal, Decimal] = defaultdict(Decimal)
    for line in lines:
        for share in line.taxes:
            rate = share.treatment.rate if share.treatment else NOTHING
            nets[rate] += share.net if line.row.kind is Kind.CHARGE else -share.net
    return sum((rounded(rate * net, currency) for rate, net in nets.items()), NOTHING)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Half-up at the minor unit, away from zero."""
    return amount.quantize(Decimal(1).scaleb(-EXPONENTS[currency]), ROUND_HALF_UP)


@dataclass
class Owed:
    """What is owed on each invoice and carried as credit in each currency, after some events of the account.

    `net` is what was invoiced less what was paid, in each currency. `overdue` and `held` are unpaid invoices, those
    that fell due and those that led to holds. `closed_by` has the terms of each invoice (MON-11).
    """

    invoices: dict[str, Invoice]
    terms: BillingTerms
    closed_by: dict[str, BillingTerms] = field(default_factory=dict)
    owed: dict[str, Decimal] = field(default_factory=dict)
    credit: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    net: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    overdue: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)

    def owed_in(self, currency: str) -> Decimal:
        """The sum over all invoices in the currency."""
        return sum((owed for each, owed in self.owed.items() if self.currency(each) == currency), NOTHING)

    def currency(self, invoice: str) -> str:
        """The invoice's."""
        return self.invoices[invoice].head.currency

    def after(self, event: AccountEvent) -> None:
        """Take what the event says."""
        invoice, currency = event.invoice or "", event.currency or ""
        match event.event:
            case AccountEventName.INVOICE_ISSUED | AccountEventName.INVOICE_CARRIED:
                self.closed_by[invoice] = self.terms
                lines = list(self.invoices[invoice].lines)
                total = net(lines) + tax(lines, currency)
                self.net[currency] += total
                left = total - self.credit[currency]
                self.owed[invoice], self.credit[currency] = max(left, NOTHING), max(-left, NOTHING)
            case AccountEventName.INVOICE_SETTLED:
                assert event.amount is not None
                self.owed[invoice] -= event.amount
                self.credit[currency] -= event.amount
            case AccountEventName.WRITTEN_OFF:
                assert event.amount is not None
                self.owed[invoice] -= event.amount
                self.net[currency] -= event.amount
            case AccountEventName.REFUND_RESERVED:
                assert event.amount is not None
                self.credit[currency] -= event.amount
                self.net[currency] += event.amount
            case AccountEventName.PAYMENT_REVERSED:
                assert event.amount is not None
                self.net[currency] += event.amount
                self.credit[currency] -= event.credited or NOTHING
                for allocation in event.allocations:
                    self.owed[allocation.invoice] = self.owed.get(allocation.invoice, NOTHING) + allocation.amount
            case AccountEventName.PAYMENT_RECEIVED | AccountEventName.CREDIT_NOTE_ISSUED:
                assert event.amount is not None
                self.net[currency] -= event.amount
                self.credit[currency] += event.credited or NOTHING
                for allocation in event.allocations:
                    self.owed[allocation.invoice] -= allocation.amount
            case AccountEventName.INVOICE_OVERDUE:
                self.overdue.add(invoice)
            case AccountEventName.SUSPENDED:
                self.held.add(invoice)
            case AccountEventName.TERMS_CHANGED:
                assert event.terms is not None
                self.terms = event.terms
        self.owed = {each: owed for each, owed in self.owed.items() if owed}
        self.overdue &= set(self.owed)
        self.held &= set(self.owed)


def after_each_event(customer: CustomerSimulator, terms: BillingTerms) -> Iterator[tuple[AccountEvent, Owed]]:
    """Each event of the account with what is owed after it. `terms` are those that the account began with."""
    known = Owed({invoice.head.invoice: invoice for invoice in customer.book.invoices}, terms)
    for event in customer.book.events:
        known.after(event)
        copies = {
            name: getattr(known, name).copy() for name in ("owed", "credit", "net", "overdue", "held", "closed_by")
        }
        yield event, replace(known, **copies)
