"""What the activities need of the world. Adapters implement these; workflows know nothing beyond them."""

from collections.abc import Sequence
from typing import Protocol

from activities.contracts import Confirmation, ProvisionInput, RecordInput
from domain.commands import ReportUsage
from domain.decision import Answer
from domain.effects import Receipt


class Books(Protocol):
    """Journal, ledger, usage, outbox and claims, kept for good."""

    async def record(self, entry: RecordInput) -> Receipt:
        """Write one decision in one transaction; the same decision again gives the same receipt.

        Raises BooksConflict where a key is there already with other content (MON-2), BooksUnavailable where
        trying again may help.
        """
        ...

    async def report_usage(self, subscription_id: str, command: ReportUsage, answer: Answer) -> Answer:
        """Record usage that the lifecycle accepted, once per usage id (MON-7).

        The books refuse it themselves where the journal shows that the life took no usage any more (SUS-10).
        Raises BooksUnavailable, too, while the journal is behind the life that accepted it.
        """
        ...


class Claims(Protocol):
    """What only one subscription can hold: one life of an offer, one trial ever (ELG-1, TRI-4)."""

    async def take(self, subscription_id: str, keys: Sequence[str], *, permanent: bool) -> None:
        """Take all of the keys or none; again for the same subscription changes nothing.

        Raises ClaimTaken where another holds one. Those not permanent end with the life's last event.
        """
        ...


class Tenants(Protocol):
    """Where the users of the sold service are: each subscription is one tenant."""

    async def grant(self, change: ProvisionInput) -> Confirmation:
        """Users can sign in, with so many seats. Again with the same seq: the same confirmation."""
        ...

    async def revoke(self, change: ProvisionInput) -> Confirmation:
        """Users are turned away; admins still read the data (SUS-2)."""
        ...

    async def purge(self, change: ProvisionInput) -> Confirmation:
        """The tenant and all its data are gone (SUS-3)."""
        ...


class AccessLog(Protocol):
    """When users had access, kept beyond the tenant."""

    async def note(self, change: ProvisionInput, confirmation: Confirmation) -> None:
        """Note a confirmed change, once per (subscription, seq)."""
        ...
