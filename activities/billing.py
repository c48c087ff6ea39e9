"""The activity that writes a decision into the books."""

from temporalio import activity

from activities.contracts import RecordInput
from activities.failure import reported
from activities.ports import Books
from domain.effects import Receipt


class BillingActivities:
    """Journal, ledger, outbox and claims, through the port."""

    def __init__(self, books: Books) -> None:
        self._books = books

    @activity.defn(name="record")
    async def record(self, entry: RecordInput) -> Receipt:
        """Write one decision in one transaction, once for each (subscription, seq) (MON-2).

        ApplicationError of type BooksConflict, not retryable; BooksUnavailable and SchemaMismatch, retryable.
        """
        with reported():
            return await self._books.record(entry)
