"""The way in for programs: `async with opened(Settings.load()) as perennial: ...`."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from activities.adapters.tenants.visits import visits
from activities.settings import Settings
from activities.wall_clock import wall_clock
from hosting.temporal.connection import connect
from perennial.sources.books import Books
from perennial.sources.server import Server
from perennial.sources.sources import Sources
from perennial.use_cases import Perennial


@asynccontextmanager
async def opened(settings: Settings, address: str | None = None) -> AsyncIterator[Perennial]:
    """The use cases on the settings' database and the Temporal server at `address`, else the configured one.

    Both are opened when a use case first needs them, which then raises ServerUnreachable, SchemaMismatch or
    BooksUnavailable; they are closed at the end.
    """
    async with AsyncExitStack() as stack:

        async def server() -> Server:
            return Server.of(await connect(address), settings.task_queue, wall_clock, settings.periods_per_run)

        async def books() -> Books:
            # Imported when it is needed: SQLAlchemy takes longer than most commands.
            from hosting.sql_books import opened_books

            return await stack.enter_async_context(opened_books(settings))

        yield Perennial(Sources(server, books, lambda tenant: visits(settings, tenant), wall_clock))
