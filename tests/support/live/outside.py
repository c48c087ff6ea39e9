"""A server and its books for a scenario whose worker is another process."""

from dataclasses import dataclass

from temporalio.client import Client

from activities.adapters.sql.database import Database
from activities.wall_clock import wall_clock
from hosting.sql_books import books_in
from perennial.rehearsal.time_skipping import ServerClock
from perennial.sources.books import Books
from perennial.sources.server import Server


@dataclass(frozen=True)
class FromOutside:
    """A server, and the books that its worker writes."""

    server: Server
    books: Books
    clock: ServerClock


def seen_from_outside(client: Client, task_queue: str, database: Database) -> FromOutside:
    """The clients of that server and the readers of that database."""
    return FromOutside(Server.of(client, task_queue, wall_clock), books_in(database), ServerClock(client))
