"""What the books hold of a billing account where an effect wants to write something else."""

from domain.account.account import Payment, Receivable
from domain.account.invoice import InvoiceHead, InvoiceId
from domain.account.terms import BillingTerms
from domain.conflict import Held
from domain.values import ExactDecimal, Frozen, Instant


class HeldHolds(Frozen):
    """Holds for nonpayment that an event in the books placed because of an `invoice`, or lifted."""

    seq: int
    at: Instant
    invoice: InvoiceId | None = None


class HeldAccount(Held):
    """The account by its journal in the books: terms, unpaid invoices, credit, and the last event's instant.

    `payments` and `holds` are those of the events that the account does not know, `taken_over` the traces of all
    invoices that were taken over (MOV-6). Of a closed month it has the `invoices` alone.
    """

    last_at: Instant | None = None
    terms: BillingTerms | None = None
    receivables: tuple[Receivable, ...] = ()
    credit: dict[str, ExactDecimal] = {}
    payments: tuple[Payment, ...] = ()
    holds: tuple[HeldHolds, ...] = ()
    taken_over: tuple[str, ...] = ()
    invoices: tuple[InvoiceHead, ...] = ()
