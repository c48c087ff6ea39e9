"""Ports for what the use cases read about billing accounts. Adapters implement them."""

from typing import Protocol

from activities.accounts.balances import Balance, Entry
from activities.accounts.contracts import IssuedNote, ListedInvoice
from domain.account.events import AccountEvent
from domain.account.invoice import Invoice, InvoiceState
from domain.account.lines import InvoiceLine
from statemachines.account.standing import Standing
from statemachines.audit.account import AccountViolation, AuditedAccount


class AccountReader(Protocol):
    """Reads invoices, payments and the double entry of every customer."""

    async def invoices(
        self,
        customer: str | None = None,
        state: InvoiceState | None = None,
        limit: int | None = ...,
        after: str | None = None,
    ) -> list[ListedInvoice]:
        """Return one page in the order of the numbers; the next page starts after the invoice `after`."""

    async def invoice(self, invoice_id: str) -> tuple[Invoice, Standing] | None:
        """Return the whole document and its status; None if the books do not have it."""

    async def credit_note(self, note_id: str) -> IssuedNote | None:
        """Return the credit note of that number; None if the books do not have it."""

    async def credit_notes(self, customer_id: str) -> list[IssuedNote]:
        """Return every credit note of the customer, in order."""

    async def documents(self, customer_id: str) -> list[Invoice]:
        """Return all the customer's invoices with their lines, in the order in which they were closed."""

    async def events(self, customer_id: str) -> list[AccountEvent]:
        """Return the account's journal, in order."""

    async def uninvoiced(self, customer_id: str) -> list[InvoiceLine]:
        """Return the lines that are not on an invoice yet."""

    async def balances(self, customer_id: str) -> list[Balance]:
        """Return what the customer owes and has as credit, per currency."""

    async def entries(self, customer_id: str) -> list[Entry]:
        """Return the customer's double entry, in the order of its instants."""


class AccountAuditor(Protocol):
    """Checks the books of accounts against the invariants."""

    async def page(self, limit: int = ..., after: str | None = None) -> list[AuditedAccount]:
        """Return the next accounts in the order of the customers' ids, each read in one transaction."""

    async def series(self) -> list[AccountViolation]:
        """Return the series of invoice numbers that have gaps (MON-5)."""
