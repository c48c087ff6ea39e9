"""What the books have of a customer's money, as the audit takes it."""

from decimal import Decimal

from domain.account.events import AccountEvent, CloseReceipt
from domain.account.invoice import Invoice, InvoiceId
from domain.account.lines import InvoiceLine
from domain.account.terms import BillingTerms
from domain.values import Frozen, Instant
from statemachines.account.standing import Standing

Found = tuple[str, tuple[InvoiceLine, ...]]
"""What a check finds: words, and the lines that show it."""


class EntryRecord(Frozen):
    """One entry of the double entry, as recorded."""

    id: str
    sides: tuple[tuple[str, str, Decimal], ...]
    """Account, currency, and the amount: a debit is positive."""


class HoldRecord(Frozen):
    """A hold for nonpayment on record; `invoice` is None where it is not known."""

    subscription_id: str
    seq: int
    invoice: InvoiceId | None = None
    lifted_by: int | None = None


class RecordedAccount(Frozen):
    """A customer's money as recorded: ledger rows, invoices, the account's journal, payments and entries."""

    customer_id: str
    rows: tuple[InvoiceLine, ...]
    invoices: tuple[Invoice, ...]
    standings: dict[str, Standing]
    events: tuple[AccountEvent, ...]
    payments: dict[str, tuple[Decimal, str]]
    entries: tuple[EntryRecord, ...]
    receipts: tuple[CloseReceipt, ...] = ()
    """The result of each close, as it was first written."""
    holds: tuple[HoldRecord, ...] = ()
    terms: BillingTerms | None = None
    """Those that the account was opened with; None if the books do not have them."""
    latest: Instant | None = None
    """The latest date that it may have; None with a test clock."""

    @property
    def settled(self) -> frozenset[str]:
        """The payments and invoices about which an operator has settled something (REP-1)."""
        return frozenset(key for event in self.events if event.settled for key in event.settled.rows)
