"""The activity that writes a subscription's decision into the database."""

from temporalio import activity

from activities.accounts.ports import AccountOpener
from activities.billing.contracts import RecordInput
from activities.billing.ports import Books
from activities.errors import reported
from domain.subscription.effects import Receipt


class BillingActivities:
    """Writes decisions, and opens the customer's billing account with the first one of a subscription."""

    def __init__(self, books: Books, accounts: AccountOpener) -> None:
        self._books = books
        self._accounts = accounts

    @activity.defn(name="record")
    async def record(self, entry: RecordInput) -> Receipt:
        """Write one decision in one transaction, once for each (subscription, seq) (MON-2).

        Raises ApplicationError: of type BooksConflict, not retryable; of type BooksUnavailable, SchemaMismatch or
        ServerUnavailable, retryable.
        """
        with reported():
            receipt = await self._books.record(entry)
            if entry.opens:
                await self._accounts.open(entry.opens)
            return receipt
