"""What the activities of a billing account take and return."""

from domain.account_events import AccountRecord, Close
from domain.invoice import InvoiceHead
from domain.values import Frozen, Instant
from statemachines.invoice_document import Standing


class CloseInput(Frozen):
    """One month of one customer to close."""

    customer_id: str
    close: Close


class AccountRecordInput(Frozen):
    """One decision of an account, for the books."""

    customer_id: str
    record: AccountRecord


class HoldInput(Frozen):
    """Whose licensed subscriptions to suspend, or to lift from, by which event; `at` where it has a test clock."""

    customer_id: str
    seq: int
    at: Instant | None = None


class Holding(Frozen):
    """How many subscriptions were suspended, or are suspended no more."""

    subscriptions: int


class ListedInvoice(Frozen):
    """An invoice as lists show it."""

    head: InvoiceHead
    standing: Standing
