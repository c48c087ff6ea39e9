"""What accounts need of the world. Adapters implement it."""

from datetime import datetime
from typing import Protocol

from activities.accounts.contracts import (
    AccountOpening,
    AccountReceipt,
    AccountRecordInput,
    AskedCorrection,
    AskedPayment,
    CloseInput,
    HoldInput,
    Late,
    LiftInput,
    LookInput,
    OpenAccount,
    OpenedAccount,
    ToLift,
)
from domain.account.account import Payment, Seen
from domain.account.events import CloseReceipt
from domain.account.recalled import Recalled
from domain.account.taxing import Taxed
from domain.taxes.sale import TaxCase, Treatments


class AccountBooks(Protocol):
    """Invoices, payments and the journals of accounts. Nothing is ever removed (MON-5, MON-6)."""

    async def close(self, entry: CloseInput, taxed: Taxed | None = None) -> CloseReceipt:
        """Write the month's invoices, with every ledger row dated before its end that is not invoiced yet (MON-5).

        Without `taxed` no tax is calculated (MON-13). Repeating it returns the same receipt. Raises BooksConflict, and
        BooksUnavailable if rows came meanwhile that are not `taxed`.
        """

    async def look(self, entry: LookInput, taxed: Taxed | None = None) -> Seen:
        """What the uninvoiced rows that are dated before the look's instant credit, with their tax (MON-8)."""

    async def to_tax(self, customer_id: str, before: datetime) -> TaxCase | None:
        """What the rows dated before the instant that are not invoiced yet supply; None if the buyer is unknown."""

    async def late(self, customer_id: str, before: datetime) -> Late | None:
        """The customer's subscription that owes the books what was due first before the instant."""

    async def record(self, entry: AccountRecordInput) -> AccountReceipt:
        """Write one decision in one transaction. Repeating it returns the same receipt. Raises BooksConflict."""


class Taxes(Protocol):
    """How sales are taxed: by our table of rates, or by a service that calculates tax (MON-13)."""

    async def treatments(self, case: TaxCase) -> Treatments | None:
        """How each supply of the case is taxed; None if no tax is calculated at all. Raises BooksUnavailable."""


class AccountOpenings(Protocol):
    """How accounts are opened."""

    async def open(self, opening: AccountOpening) -> OpenedAccount:
        """Open the account if it is not open in the books yet, and return what they say of it."""


class OverdueInvoices(Protocol):
    """What subscriptions have to know of their customer's invoices."""

    async def overdue(self, customer_id: str) -> bool:
        """Whether an invoice of the customer is overdue."""


class Payments(Protocol):
    """The recorded payments of accounts, for ever (MON-6)."""

    async def payment(self, asked: AskedPayment) -> Payment | None:
        """The recorded payment of that id; None if there is none (MON-7)."""

    async def recalled(self, asked: AskedCorrection) -> Recalled:
        """What the books have of what a correction names (MON-10)."""


class NonpaymentHolds(Protocol):
    """On which subscriptions an account has placed a hold for nonpayment (SUS-9)."""

    async def to_hold(self, entry: HoldInput) -> list[str]:
        """The subscriptions to hold that have no hold by this event on record: licensed ones that have not ended.

        By the scope, those with a charge on the invoice, or all (MON-9).
        """

    async def note_held(self, entry: HoldInput, subscription_id: str, *, placed: bool) -> None:
        """Record that it is held for the invoice. Repeating it changes nothing.

        Where the event has not `placed` the hold, only if the account holds it for another invoice already.
        """

    async def to_lift(self, entry: LiftInput) -> list[ToLift]:
        """The subscriptions that are held for something else than the invoices to keep."""

    async def note_lifted(self, entry: LiftInput, subscription_id: str) -> None:
        """Record that the event lifted its holds, but for those for the invoices to keep. Repeating changes nothing."""

    async def count(self, customer_id: str, *, placed_by: int | None = None, lifted_by: int | None = None) -> int:
        """On how many subscriptions that event has a hold on record, or lifted one."""


class AccountOpener(Protocol):
    """Opens billing accounts on the Temporal server, and tells them what subscriptions do."""

    async def open(self, account: OpenAccount) -> None:
        """Open the customer's account. If it is open, nothing changes."""

    async def tell_of_rows(self, customer_id: str, at: datetime) -> None:
        """Tell the account that a subscription was billed or credited at that instant (MON-8).

        An account that the server has lost looks when it is rebuilt.
        """
