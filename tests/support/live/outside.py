"""What a scenario is lived on where its worker is a process of its own."""

from dataclasses import dataclass

from temporalio.client import Client

from activities.adapters.sql.account.reader import SqlAccountReader
from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.books import SqlBooks
from activities.adapters.sql.subscription.reader import SqlReader
from perennial.rehearsal.time_skipping import ServerClock
from workflows.account.client import Accounts
from workflows.subscription.client import Subscriptions


@dataclass(frozen=True)
class FromOutside:
    """A server, and the books that its worker writes."""

    subscriptions: Subscriptions
    accounts: Accounts
    clock: ServerClock
    reader: SqlReader
    account_reader: SqlAccountReader
    books: SqlBooks


def seen_from_outside(client: Client, task_queue: str, database: Database) -> FromOutside:
    """Its clients and readers."""
    return FromOutside(
        subscriptions=Subscriptions(client, task_queue),
        accounts=Accounts(client, task_queue),
        clock=ServerClock(client),
        reader=SqlReader(database),
        account_reader=SqlAccountReader(database),
        books=SqlBooks(database),
    )
