"""What the books have of what a correction of money names (MON-10)."""

from domain.account.account import Receivable
from domain.account.events import AccountEvent
from domain.account.invoice import InvoiceHead
from domain.account.taxing import TaxedAmount
from domain.values import ExactDecimal, Frozen, OmitEmpty


class RecalledInvoice(Frozen):
    """An invoice as the books have it, paid or not. `noted` is the sum of the credit notes that name it."""

    head: InvoiceHead
    receivable: Receivable
    noted: ExactDecimal
    noted_taxes: OmitEmpty[tuple[TaxedAmount, ...]] = ()


class Recalled(Frozen):
    """What the books knew after the account's event `seq`, for the request with that fingerprint.

    `events` are those of the payment, the credit note, the refund or the write-off that it names, in order, and
    `invoices` those that it concerns.
    """

    request: str
    seq: int
    events: tuple[AccountEvent, ...] = ()
    invoices: tuple[RecalledInvoice, ...] = ()
