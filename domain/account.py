"""A customer's billing account: what decisions about invoices and payments need to know, as one frozen value."""

from decimal import Decimal

from domain.billing_terms import BillingTerms
from domain.calendar import Period
from domain.invoice import InvoiceId, InvoiceState
from domain.money import Currency, from_minor
from domain.roles import RolePreset
from domain.values import ExactDecimal, Frozen, Instant


class Receivable(Frozen):
    """An unpaid invoice as the account follows it. `reminders` were sent; `suspended` says that it led to holds."""

    invoice: InvoiceId
    currency: Currency
    due: ExactDecimal
    paid: ExactDecimal
    due_at: Instant
    state: InvoiceState
    reminders: int = 0
    suspended: bool = False

    @property
    def owed(self) -> Decimal:
        """What is still to be paid of it."""
        return self.due - self.paid


class Payment(Frozen):
    """A payment that is known by its id; `failed` where no money came."""

    payment_id: str
    amount: ExactDecimal | None
    currency: Currency | None
    failed: bool = False


class Account(Frozen):
    """A customer's account at one moment.

    `month` is the one that runs: its end closes it. `closing` is the month whose invoices are being written.
    `credit` is, for each currency, what the next invoice will take off. `payments` are the last ones: a repeat
    is told by them. `currencies` are those that it was ever invoiced in.
    """

    customer_id: str
    terms: BillingTerms
    roles: RolePreset = RolePreset.DEFAULT
    opened_at: Instant
    month: Period
    closing: Period | None = None
    seq: int = 0
    last_at: Instant
    receivables: tuple[Receivable, ...] = ()
    credit: dict[str, ExactDecimal] = {}
    currencies: tuple[Currency, ...] = ()
    payments: tuple[Payment, ...] = ()

    def receivable(self, invoice: str) -> Receivable | None:
        """The unpaid invoice of that number."""
        return next((r for r in self.receivables if r.invoice == invoice), None)

    def unpaid_in(self, currency: str) -> list[Receivable]:
        """The unpaid invoices in that currency, the one that fell due first before the others."""
        return sorted((r for r in self.receivables if r.currency == currency), key=lambda r: (r.due_at, r.invoice))

    def credit_in(self, currency: str) -> Decimal:
        """The credit in that currency."""
        return self.credit.get(currency, from_minor(0, currency))

    def payment(self, payment_id: str) -> Payment | None:
        """The known payment of that id."""
        return next((p for p in reversed(self.payments) if p.payment_id == payment_id), None)

    @property
    def holds(self) -> bool:
        """Whether the customer's subscriptions are held for an invoice that is still unpaid."""
        return any(r.suspended for r in self.receivables)
