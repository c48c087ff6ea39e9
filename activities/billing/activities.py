"""The activities that write a subscription's decisions into the database, and find the answers to earlier ones."""

from collections.abc import Callable
from datetime import datetime

from temporalio import activity

from activities.accounts.ports import AccountOpener, OverdueInvoices
from activities.billing.contracts import AskedCommand, CountInput, KeepInput, RecordInput, Restored, RestoreInput
from activities.billing.ports import Books, FirstAnswers, Lives
from activities.errors import reported
from activities.logged import log_events
from activities.measures import RecordMeasures
from activities.ports import AllowedClocks
from activities.wall_clock import wall_clock
from domain.subscription.decision import Answered
from domain.subscription.effects import Counted, Receipt


class BillingActivities:
    """Writes decisions, and opens the customer's billing account with the first one of a subscription."""

    def __init__(
        self,
        books: Books,
        invoices: OverdueInvoices,
        accounts: AccountOpener,
        measures: RecordMeasures | None = None,
        test_clocks: AllowedClocks | None = None,
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        self._books = books
        self._invoices = invoices
        self._accounts = accounts
        self._measures = measures or RecordMeasures()
        self._test_clocks = test_clocks
        self._clock = clock

    @activity.defn(name="record")
    async def record(self, entry: RecordInput) -> Receipt:
        """Write one decision in one transaction, once for each (subscription, seq) (MON-2).

        If it bills or credits something and an invoice of the customer is overdue, the account is told (MON-8).
        The first one is not written where it has a test clock and they are not allowed here, whoever started it.
        Raises ApplicationError: of type BooksConflict or ClocksRefused, not retryable; of type BooksUnavailable,
        SchemaMismatch or ServerUnavailable, retryable.
        """
        with reported():
            if entry.ahead_by is not None and self._test_clocks:
                await self._test_clocks.require()
            receipt = await self._books.record(entry)
            log_events(
                entry.record.events,
                subscription=entry.subscription_id,
                customer=entry.customer_id,
            )
            self._measures.note(entry.record, receipt, self._clock(), test_clock=entry.test_clock)
            if entry.opens:
                await self._accounts.open(entry.opens)
            if receipt.usage_rows or any(event.rows for event in entry.record.events):
                await self._tell_account(entry)
            return receipt

    async def _tell_account(self, entry: RecordInput) -> None:
        """Only a customer with an overdue invoice concerns the account: a signal per charge would cost too much."""
        if await self._invoices.overdue(entry.customer_id):
            await self._accounts.tell_of_rows(entry.customer_id, entry.record.events[-1].at)

    @activity.defn(name="keep")
    async def keep(self, entry: KeepInput) -> None:
        """Keep changes of a subscription that have no event, such as the policy pack of its next term (BUY-5).

        Raises ApplicationError: of type BooksConflict, not retryable; of type BooksUnavailable or SchemaMismatch,
        retryable.
        """
        with reported():
            await self._books.keep(entry)

    @activity.defn(name="count_usage")
    async def count_usage(self, entry: CountInput) -> Counted:
        """Count the unbilled usage of a subscription that is suspended or has ended (USE-2).

        Raises ApplicationError: of type BooksConflict, not retryable; of type BooksUnavailable or SchemaMismatch,
        retryable.
        """
        with reported():
            return await self._books.count_usage(entry)


class AnswerActivities:
    """Finds the first answers to commands that a subscription may have forgotten."""

    def __init__(self, answers: FirstAnswers) -> None:
        self._answers = answers

    @activity.defn(name="first_answer")
    async def first_answer(self, asked: AskedCommand) -> Answered | None:
        """The first answer to a command id that the workflow may have forgotten (invariant 10).

        Raises ApplicationError: of type BooksConflict, not retryable, if the command was accepted and its answer was
        not kept; of type BooksUnavailable or SchemaMismatch, retryable.
        """
        with reported():
            return await self._answers.first_answer(asked)


class RestoringActivities:
    """Reads subscriptions from the books, whose workflows are gone."""

    def __init__(self, lives: Lives) -> None:
        self._lives = lives

    @activity.defn(name="restore")
    async def restore(self, wanted: RestoreInput) -> Restored:
        """The subscription after its last recorded event.

        Raises ApplicationError: of type BooksConflict, not retryable, if the books do not know it or kept nothing to
        rebuild it from; of type BooksUnavailable or SchemaMismatch, retryable.
        """
        with reported():
            return await self._lives.restored(wanted.subscription_id)
