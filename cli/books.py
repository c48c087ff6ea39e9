"""The books: journal, ledger and read model, opened to read or to take what belongs beside a purchase."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from activities.adapters.sql.books import SqlBooks
from activities.adapters.sql.claims import SqlClaims
from activities.adapters.sql.database import Database
from activities.adapters.sql.reader import SqlReader
from activities.adapters.sql.schema import check_schema
from activities.contracts import Listed
from activities.settings import Settings
from cli.failure import Failure


@dataclass(frozen=True)
class Books:
    """The database, from each of its sides."""

    reader: SqlReader
    writer: SqlBooks
    claims: SqlClaims

    async def known(self, subscription_id: str) -> Listed:
        """The subscription as its last event left it. Raises Failure where the books do not know it."""
        listed = await self.reader.listed(subscription_id)
        if listed is None:
            raise Failure(f"The books know no subscription {subscription_id}; see: starter.py list")
        return listed


@asynccontextmanager
async def opened_books() -> AsyncIterator[Books]:
    """The database that the settings name. It is checked, and neither made nor upgraded here."""
    settings = Settings.load()
    async with Database(settings.database_url, busy_timeout=settings.busy_timeout) as database:
        await check_schema(database)
        yield Books(reader=SqlReader(database), writer=SqlBooks(database), claims=SqlClaims(database))
