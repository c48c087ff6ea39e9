"""What accounts need of the world. Adapters implement it."""

from typing import Protocol

from activities.accounts.contracts import (
    AccountOpening,
    AccountRecordInput,
    AskedPayment,
    CloseInput,
    OpenAccount,
    OpenedAccount,
)
from domain.account.account import Payment
from domain.account.events import CloseReceipt


class AccountBooks(Protocol):
    """Invoices, payments and the journals of accounts. Nothing is ever removed (MON-5, MON-6)."""

    async def close(self, entry: CloseInput) -> CloseReceipt:
        """Write the month's invoices, with every ledger row dated before its end that is not invoiced yet (MON-5).

        Repeating it returns the same receipt. Raises BooksConflict.
        """

    async def record(self, entry: AccountRecordInput) -> None:
        """Write one decision in one transaction. Repeating it changes nothing. Raises BooksConflict."""


class AccountOpenings(Protocol):
    """How accounts are opened."""

    async def open(self, opening: AccountOpening) -> OpenedAccount:
        """Open the account if it is not open in the books yet, and return what they say of it."""


class Payments(Protocol):
    """The recorded payments of accounts, for ever (MON-6)."""

    async def payment(self, asked: AskedPayment) -> Payment | None:
        """The recorded payment of that id; None if there is none (MON-7)."""


class NonpaymentHolds(Protocol):
    """On which subscriptions an account has placed a hold for nonpayment (SUS-9)."""

    async def to_hold(self, customer_id: str, seq: int) -> list[str]:
        """The customer's licensed subscriptions that have not ended and have no hold by this event on record."""

    async def note_placed(self, customer_id: str, seq: int, subscription_id: str) -> None:
        """Record that the event placed a hold on it. Repeating it changes nothing."""

    async def to_lift(self, customer_id: str) -> list[str]:
        """The subscriptions whose hold is on record and not lifted."""

    async def note_lifted(self, customer_id: str, seq: int, subscription_id: str) -> None:
        """Record that the event lifted its holds. Repeating it changes nothing."""

    async def count(self, customer_id: str, *, placed_by: int | None = None, lifted_by: int | None = None) -> int:
        """On how many subscriptions that event placed a hold, or lifted one."""


class AccountOpener(Protocol):
    """Opens billing accounts on the Temporal server."""

    async def open(self, account: OpenAccount) -> None:
        """Open the customer's account. If it is open, nothing changes."""
