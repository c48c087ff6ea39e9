"""What the use cases read of billing accounts. Adapters implement it."""

from typing import Protocol

from activities.accounts.balances import Balance, Entry
from activities.accounts.contracts import ListedInvoice
from domain.account.events import AccountEvent
from domain.account.invoice import Invoice, InvoiceLine, InvoiceState
from statemachines.account.standing import Standing
from statemachines.audit.account import AccountViolation, AuditedAccount


class AccountReader(Protocol):
    """Invoices, payments and the double entry of every customer."""

    async def invoices(
        self,
        customer: str | None = None,
        state: InvoiceState | None = None,
        limit: int | None = ...,
        after: str | None = None,
    ) -> list[ListedInvoice]:
        """One page in the order of their numbers, with the filters given; the next begins `after` its last one."""
        ...

    async def invoice(self, invoice_id: str) -> tuple[Invoice, Standing] | None:
        """The whole document and how it stands; None where the books do not know it."""
        ...

    async def documents(self, customer_id: str) -> list[Invoice]:
        """All the customer's invoices, each with its lines, in the order in which they were closed."""
        ...

    async def events(self, customer_id: str) -> list[AccountEvent]:
        """The account's journal, in order."""
        ...

    async def uninvoiced(self, customer_id: str) -> list[InvoiceLine]:
        """What no invoice has yet."""
        ...

    async def balances(self, customer_id: str) -> list[Balance]:
        """What the customer owes and has as credit, in each currency."""
        ...

    async def entries(self, customer_id: str) -> list[Entry]:
        """The double entry of the customer, in the order of its instants."""
        ...


class AccountAuditor(Protocol):
    """Checks the books of accounts against the invariants."""

    async def page(self, limit: int = ..., after: str | None = None) -> list[AuditedAccount]:
        """The next customers in the order of their ids, each as one state of the database shows it."""
        ...

    async def series(self) -> list[AccountViolation]:
        """The series of numbers that have gaps (MON-5)."""
        ...
