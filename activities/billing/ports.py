"""What billing needs of the world. Adapters implement it."""

from typing import Protocol

from activities.billing.contracts import RecordInput
from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer
from domain.subscription.effects import Receipt


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
