"""The way in for programs: `async with opened(Settings.load()) as perennial: ...`."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module

from temporalio.client import Client

from activities.provisioning.door import Visits
from activities.settings import Settings
from activities.wall_clock import wall_clock
from hosting import traces
from hosting.embedded.shared import running_server
from hosting.temporal.connection import connect
from hosting.temporal.namespace import environment_of
from perennial.sources.books import Books
from perennial.sources.server import Server
from perennial.sources.sources import Sources
from perennial.use_cases import Perennial


class _Meeting:
    """Compares server and books once both are open: others' books are not worked with."""

    def __init__(self) -> None:
        self.client: Client | None = None
        self.books: Books | None = None

    async def compare(self) -> None:
        """Raise OthersBooks if the books belong to another server or namespace."""
        if self.client is not None and self.books is not None:
            await self.books.environment.require(await environment_of(self.client))


def own_address(settings: Settings) -> str | None:
    """Where the server listens that a worker runs in the data directory; None if there is none."""
    running = running_server(settings.data_dir)
    return None if running is None else running.address


@asynccontextmanager
async def opened(settings: Settings, address: str | None = None) -> AsyncIterator[Perennial]:
    """The use cases on the settings' database and the Temporal server at `address`, else the configured one.

    Where none is configured, it is the one that a worker runs in the data directory.

    Both are opened when a use case first needs them, which then raises ServerUnreachable, SchemaMismatch or
    BooksUnavailable, and OthersBooks where they do not belong together; they are closed at the end.
    """
    async with AsyncExitStack() as stack:
        meeting = _Meeting()

        async def server() -> Server:
            own, queue = own_address(settings), settings.task_queue
            client = await connect(address, own=own, interceptors=traces.interceptors(settings))
            meeting.client = client
            await meeting.compare()
            periods, deployment, spread = settings.periods_per_run, settings.deployment, settings.spread
            return Server.of(client, queue, wall_clock, periods, deployment, spread)

        # SQL and HTTP are imported when they are needed: they take longer than most commands.
        async def books() -> Books:
            opened_books = import_module("hosting.sql_books").opened_books
            books: Books = await stack.enter_async_context(opened_books(settings))
            meeting.books = books
            await meeting.compare()
            return books

        async def visits(tenant: str) -> Visits:
            visits: Visits = await import_module("activities.adapters.tenants.visits").visits(settings, tenant)
            return visits

        yield Perennial(Sources(server, books, visits, wall_clock))
