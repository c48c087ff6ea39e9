"""One face for the books in memory and the books in SQL, so that one suite holds both to the same behaviour."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol

from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.access_log import SqlAccessLog
from activities.adapters.sql.subscription.books import SqlBooks
from activities.adapters.sql.subscription.reader import SqlReader
from activities.billing.contracts import CountInput, KeepInput, RecordInput
from activities.errors import BooksConflict
from activities.provisioning.contracts import Confirmation, ProvisionInput
from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer
from domain.subscription.effects import AccessInterval, Counted, Receipt
from domain.subscription.events import Event, Notification
from domain.subscription.ledger import LedgerRow
from statemachines.preview.book import Book, KeyConflict

CONFIRMED = datetime(2100, 1, 1, tzinfo=UTC)


class BooksUnderTest(Protocol):
    """Write, and read back what was written."""

    async def record(self, entry: RecordInput) -> Receipt: ...
    async def keep(self, entry: KeepInput) -> None: ...
    async def report_usage(self, subscription_id: str, command: ReportUsage, answer: Answer) -> Answer: ...
    async def count_usage(self, entry: CountInput) -> Counted: ...
    async def provision(self, change: ProvisionInput) -> None: ...
    async def events(self, subscription_id: str) -> list[Event]: ...
    async def rows(self, subscription_id: str) -> list[LedgerRow]: ...
    async def access(self, subscription_id: str) -> list[AccessInterval]: ...
    async def notifications(self, subscription_id: str) -> list[Notification]: ...


class InMemory:
    """The simulator's book, one for each subscription."""

    def __init__(self) -> None:
        self._books: dict[str, Book] = {}

    def _book(self, subscription_id: str) -> Book:
        return self._books.setdefault(subscription_id, Book())

    async def record(self, entry: RecordInput) -> Receipt:
        try:
            return self._book(entry.subscription_id).record(entry.record)
        except KeyConflict as error:
            raise BooksConflict(str(error)) from None

    async def keep(self, entry: KeepInput) -> None:
        """A life in memory is never rebuilt."""

    async def report_usage(self, subscription_id: str, command: ReportUsage, answer: Answer) -> Answer:
        return self._book(subscription_id).report_usage(command, answer)

    async def count_usage(self, entry: CountInput) -> Counted:
        return self._book(entry.subscription_id).count_usage(entry.count)

    async def provision(self, change: ProvisionInput) -> None:
        self._book(change.subscription_id).provision(change.provision)

    async def events(self, subscription_id: str) -> list[Event]:
        return self._book(subscription_id).events

    async def rows(self, subscription_id: str) -> list[LedgerRow]:
        return self._book(subscription_id).rows

    async def access(self, subscription_id: str) -> list[AccessInterval]:
        return self._book(subscription_id).access

    async def notifications(self, subscription_id: str) -> list[Notification]:
        return [Notification(seq=e.seq, at=e.at, event=e.event) for e in self._book(subscription_id).events]


class InSql(SqlReader):
    """The SQL books, read back through the reader."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        books = SqlBooks(database)
        self.record = books.record
        self.keep = books.keep
        self.report_usage = books.report_usage
        self.count_usage = books.count_usage
        self._log = SqlAccessLog(database)

    async def provision(self, change: ProvisionInput) -> None:
        await self._log.note(change, Confirmation(access=change.provision.access, confirmed_at=CONFIRMED))


@asynccontextmanager
async def books_at(url: str | None) -> AsyncIterator[BooksUnderTest]:
    """The books in SQL over the database at that URL; without one, the books in memory."""
    if url is None:
        yield InMemory()
        return
    async with Database(url) as database:
        yield InSql(database)
