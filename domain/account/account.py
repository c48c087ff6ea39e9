"""A customer's billing account: what decisions about invoices and payments need to know, as one frozen value."""

import hashlib
from decimal import Decimal

from domain.account.invoice import InvoiceId, InvoiceState
from domain.account.terms import BillingTerms
from domain.calendar import Period
from domain.money import Currency, from_minor
from domain.roles import RolePreset
from domain.values import ExactDecimal, Frozen, Instant

ID_DIGITS, AMOUNT_DIGITS = 16, 8
"""Of a payment's trace, in hexadecimal."""


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

    @property
    def trace(self) -> str:
        """What is kept of it once it is one of many: a digest of its id, and behind it one of its amount."""
        return trace_of(self.payment_id) + _digest(f"{self.amount} {self.currency}")[:AMOUNT_DIGITS]


def trace_of(payment_id: str) -> str:
    """How the traces of payments under that id begin."""
    return _digest(payment_id)[:ID_DIGITS]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Account(Frozen):
    """A customer's account at one moment.

    `month` is the one that runs: its end closes it. `closing` is the month whose invoices are being written.
    `credit` is, for each currency, what the next invoice will take off. `payments` are the last ones and
    `older_payments` the traces of those before them: a repeat is told by either. `currencies` are those that it was
    ever invoiced in.
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
    older_payments: tuple[str, ...] = ()

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
