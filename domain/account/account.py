"""The billing account: everything that decisions need to know about it, as one frozen value."""

import hashlib
from decimal import Decimal
from typing import Literal

from domain.account.invoice import InvoiceId, InvoiceState, Unpaid
from domain.account.terms import BillingTerms, DunningTerms, HoldScope
from domain.calendar import Period
from domain.money import Currency, from_minor
from domain.roles import RolePreset
from domain.values import ExactDecimal, Frozen, Instant, OmitEmpty

ID_DIGITS, AMOUNT_DIGITS = 16, 8
"""The parts of a payment's trace, in hexadecimal digits."""


class Receivable(Frozen):
    """An unpaid invoice. `settled` is what credit from elsewhere paid, `credited` what credit notes for it took off.

    `written_off` was given up (MON-10). `terms` are those that it was closed by (MON-11).

    `reminders` counts those sent, `skipped` those whose date passed while the invoice was not chased. `suspended` says
    that the invoice led to holds, `postponed` that they come at the instant at which it is chased again (MON-8).
    """

    invoice: InvoiceId
    currency: Currency
    due: ExactDecimal
    paid: ExactDecimal
    settled: ExactDecimal = Decimal(0)
    credited: OmitEmpty[ExactDecimal] = Decimal(0)
    written_off: OmitEmpty[ExactDecimal] = Decimal(0)
    due_at: Instant
    terms: DunningTerms
    state: InvoiceState
    reminders: int = 0
    skipped: int = 0
    suspended: bool = False
    postponed: bool = False

    @property
    def owed(self) -> Decimal:
        return self.due - self.paid - self.settled - self.credited - self.written_off


class Look(Frozen):
    """Ask the books for the uninvoiced rows dated before `until`, to decide what follows overdue invoices (MON-8)."""

    effect: Literal["look"] = "look"
    at: Instant
    until: Instant
    seq: int
    """Of the last event before it."""


class Seen(Frozen):
    """What the account saw last, as of that instant: by how much uninvoiced credits exceed charges, per currency."""

    at: Instant
    credit: dict[str, ExactDecimal] = {}


class Payment(Frozen):
    """A known payment; `failed` if no money was received."""

    payment_id: str
    amount: ExactDecimal | None
    currency: Currency | None
    failed: bool = False

    @property
    def trace(self) -> str:
        """The short form kept of older payments: a digest of the id, followed by one of the amount."""
        return trace_of(self.payment_id) + _digest(f"{self.amount} {self.currency}")[:AMOUNT_DIGITS]


def trace_of(payment_id: str) -> str:
    """The beginning of the trace of a payment with that id."""
    return _digest(payment_id)[:ID_DIGITS]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Account(Frozen):
    """A customer's account at one moment.

    `month` is the running month, `closing` a month whose invoices are being written. While `looking` the books are
    asked what is not invoiced; `seen` is their last answer. `credit` is the amount per currency that the next invoice
    deducts. `payments` are the last payments and `older_payments` the traces of earlier ones; both serve to recognise a
    repeat. `currencies` are all currencies that the account was invoiced in.
    """

    customer_id: str
    terms: BillingTerms
    roles: RolePreset = RolePreset.DEFAULT
    opened_at: Instant
    month: Period
    closing: Period | None = None
    looking: Look | None = None
    seen: Seen | None = None
    seq: int = 0
    last_at: Instant
    receivables: tuple[Receivable, ...] = ()
    credit: dict[str, ExactDecimal] = {}
    currencies: tuple[Currency, ...] = ()
    payments: tuple[Payment, ...] = ()
    older_payments: tuple[str, ...] = ()
    taken_over: tuple[str, ...] = ()
    """The traces of the invoices that were taken over (MOV-6)."""
    corrected: OmitEmpty[int] = 0
    """The number of the last event that corrected money (MON-10)."""

    def receivable(self, invoice: str) -> Receivable | None:
        """The unpaid invoice of that number, or None."""
        return next((r for r in self.receivables if r.invoice == invoice), None)

    def following(self, receivable: Receivable) -> "Account":
        """The account with the invoice's new state; one that is paid or carried is no longer followed."""
        others = (r for r in self.receivables if r.invoice != receivable.invoice)
        left = (receivable,) if receivable.state.unpaid else ()
        now = tuple(sorted((*others, *left), key=lambda r: (r.due_at, r.invoice)))
        return self.model_copy(update={"receivables": now})

    def unpaid_in(self, currency: str) -> list[Receivable]:
        """The unpaid invoices in that currency, the earliest due first."""
        return sorted((r for r in self.receivables if r.currency == currency), key=lambda r: (r.due_at, r.invoice))

    @property
    def unpaid(self) -> tuple[Unpaid, ...]:
        """What is owed on each unpaid invoice, as the close of a month takes it."""
        return tuple(
            Unpaid(invoice=r.invoice, currency=r.currency, owed=r.owed, due_at=r.due_at) for r in self.receivables
        )

    def credit_in(self, currency: str) -> Decimal:
        return self.credit.get(currency, from_minor(0, currency))

    def with_credit(self, currency: Currency, more: Decimal) -> "Account":
        """The account with so much more credit, or less."""
        credit = {**self.credit, currency: self.credit_in(currency) + more}
        return self.model_copy(update={"credit": {name: left for name, left in credit.items() if left}})

    def payment(self, payment_id: str) -> Payment | None:
        """The payment of that id, or None if it is not among the last ones."""
        return next((p for p in reversed(self.payments) if p.payment_id == payment_id), None)

    @property
    def held_for(self) -> tuple[InvoiceId, ...]:
        """The unpaid invoices that led to holds on the customer's subscriptions (MON-9)."""
        return tuple(r.invoice for r in self.receivables if r.suspended)

    @property
    def holds(self) -> bool:
        """Whether an unpaid invoice led to holds on the customer's subscriptions."""
        return bool(self.held_for)

    @property
    def holds_all(self) -> bool:
        """Whether an unpaid invoice led to holds on all of them (MON-9)."""
        return any(r.suspended and r.terms.holds is HoldScope.ALL for r in self.receivables)
