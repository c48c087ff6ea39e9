"""What accounts need of the world. Adapters implement it."""

from typing import Protocol

from activities.accounts.contracts import AccountRecordInput, CloseInput, OpenAccount
from domain.account.events import CloseReceipt


class AccountBooks(Protocol):
    """Invoices, payments and the journals of accounts, kept for good (MON-5, MON-6)."""

    async def close(self, entry: CloseInput) -> CloseReceipt:
        """Write a month's invoices; the same month again gives the same receipt. Raises BooksConflict."""
        ...

    async def record(self, entry: AccountRecordInput) -> None:
        """Write one decision in one transaction; again changes nothing. Raises BooksConflict."""
        ...


class NonpaymentHolds(Protocol):
    """Which subscriptions an account has suspended (SUS-9)."""

    async def to_hold(self, customer_id: str, seq: int) -> list[str]:
        """The customer's licensed subscriptions that have not ended and are not noted as held by that event."""
        ...

    async def note_placed(self, customer_id: str, seq: int, subscription_id: str) -> None:
        """Note that the event has suspended it; again changes nothing."""
        ...

    async def to_lift(self, customer_id: str) -> list[str]:
        """What is noted as held and not as lifted."""
        ...

    async def note_lifted(self, customer_id: str, seq: int, subscription_id: str) -> None:
        """Note that the event has lifted what was held; again changes nothing."""
        ...

    async def count(self, customer_id: str, *, placed_by: int | None = None, lifted_by: int | None = None) -> int:
        """How many that event has suspended, or lifted."""
        ...


class AccountOpener(Protocol):
    """Where accounts live."""

    async def open(self, account: OpenAccount) -> None:
        """Open the customer's account; where it is open already, this changes nothing."""
        ...
