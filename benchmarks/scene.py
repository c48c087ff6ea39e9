"""Where figures are measured: one server, with a worker of each side, all processes of their own."""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

from temporalio.client import Client

from activities.adapters.sql.database import Database
from activities.settings import Settings
from benchmarks import machine
from benchmarks.bare.worker import opened
from benchmarks.endpoint import Endpoint
from benchmarks.processes import WorkerProcess
from benchmarks.sides import CUSTOMER, TOLD, UNTOLD, Ours, Side, TheBare, offer
from domain.catalog.catalog import Contents
from hosting.assembly import prepare_files, prepare_namespace
from hosting.embedded.server import EmbeddedServer
from hosting.sql_books import books_in
from hosting.temporal.connection import connect_to

T = TypeVar("T")
SECRET = "whsec_" + "c2VjcmV0IG9mIGEgYmVuY2htYXJr" + "AAAA"
AFTERMATH = 0.3
"""Seconds for what a process still does after its last task."""
AT_ONCE = 32
"""How many requests of the measuring process are under way at a time."""


class Cost(NamedTuple):
    """Seconds: of the clock, of the server's CPU and of the worker's."""

    wall: float
    server: float
    worker: float

    @property
    def cpu(self) -> float:
        """Server and worker together."""
        return self.server + self.worker

    def each(self, count: int) -> "Cost":
        """The share of one of so many, in milliseconds."""
        return Cost(*(part * 1000 / count for part in self))


@dataclass(frozen=True)
class Bench:
    """What is asked for: a `quick` run, the bare engine's `runner`, and where to say how far it is."""

    quick: bool
    runner: str = "sandboxed"
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True)

    def of(self, quick: T, full: T) -> T:
        """The size of a quick run, or of a full one."""
        return quick if self.quick else full


@dataclass(frozen=True)
class Scene:
    """A server and the two sides on it."""

    server: EmbeddedServer
    client: Client
    ours: Ours
    bare: TheBare
    endpoint: Endpoint

    @property
    def sides(self) -> tuple[Side, Side]:
        """In the order of their turns."""
        return self.bare, self.ours

    def clocks(self, side: Side) -> Cost:
        """The clocks as they stand."""
        return Cost(
            time.perf_counter(),
            machine.cpu_seconds(self.server.endpoints.pid),
            machine.cpu_seconds(side.worker.pid),
        )

    async def cost(self, side: Side, names: Iterable[str], work: Awaitable[object]) -> Cost:
        """What the work costs until it is done; CPU with all that follows it in these lives, until they are parked."""
        before = self.clocks(side)
        await work
        wall = time.perf_counter()
        await each(names, side.parked)
        await asyncio.sleep(AFTERMATH)
        after = self.clocks(side)
        return Cost(wall - before.wall, after.server - before.server, after.worker - before.worker)

    async def begun(self, side: Side, names: list[str], *, told: bool = False) -> list[str]:
        """Begin these lives, and wait until all are parked."""
        await each(names, lambda name: side.begin(name, told=told))
        await each(names, side.parked)
        return names

    async def lived(self, side: Side, names: list[str], months: int) -> None:
        """Let these lives, which have only begun, renew for so many months, and wait until all are parked again."""
        expected = side.rows + len(names) * months
        await each(names, lambda name: side.skip(name, months))
        await side.until(expected)
        await each(names, side.parked)


async def each(names: Iterable[T], work: Callable[[T], Awaitable[object]], at_once: int = AT_ONCE) -> None:
    """Do it for each of them, so many at a time."""
    waiting = iter(names)

    async def one_after_the_other() -> None:
        for name in waiting:
            await work(name)

    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))


@asynccontextmanager
async def a_scene(bench: Bench) -> AsyncIterator[Scene]:
    """A server in memory, and both workers with books in SQLite files, ready for work; all of it ends with this."""
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        server = await stack.enter_async_context(EmbeddedServer(directory / "server"))
        endpoint = await stack.enter_async_context(Endpoint())
        client = await connect_to(server.address)
        await prepare_namespace(client)
        settings = await _books(directory, endpoint.url)
        ours = WorkerProcess(
            client,
            settings.task_queue,
            [sys.executable, str(machine.ROOT / "worker.py"), "--address", server.address],
            directory / "worker.log",
            PERENNIAL_DATA_DIR=str(directory),
            PERENNIAL_SECRETS_FILE=str(settings.secrets_file),
            PERENNIAL_GATEWAY_PORT="0",
        )
        ledger = directory / "bare.db"
        opened(str(ledger)).close()
        words = [sys.executable, "-m", "benchmarks.bare.worker", server.address, "bare", str(ledger), endpoint.url]
        bare = WorkerProcess(client, "bare", [*words, bench.runner], directory / "bare.log")
        for worker in (ours, bare):
            stack.callback(worker.kill)
            await worker.start()
        sides = Ours(client, ours, directory / "perennial.db"), TheBare(client, bare, ledger)
        yield Scene(server, client, *sides, endpoint)


async def _books(directory: Path, url: str) -> Settings:
    """Perennial's books, with two offers, of which one has a publisher that is notified at the address."""
    secrets = directory / "secrets.yaml"
    secrets.write_text(f"told-1: {SECRET}\n")
    settings = Settings(
        data_dir=directory,
        tenants_path=directory / "tenants.db",
        database_url=f"sqlite:///{directory / 'perennial.db'}",
        secrets_file=secrets,
        task_queue="perennial",
    )
    await prepare_files(settings)
    allowed = {"allow_http": True, "allow_networks": ["127.0.0.0/8"], "per_second": 10_000, "at_once": 50}
    contents = {
        "partners": [{"id": "northwind", "name": "Northwind Traders"}],
        "customers": [
            {
                "id": CUSTOMER,
                "name": "Fabrikam",
                "partner": "northwind",
                "country": "US",
                "segment": "commercial",
                "account_opened": "2026-01-01T00:00:00Z",
            }
        ],
        "offers": [offer(vendor).model_dump(mode="json") for vendor in (TOLD, UNTOLD)],
        "publishers": [{"id": TOLD, "url": url, "secrets": ["told-1"], **allowed}],
    }
    async with Database(settings.database_url) as database:
        catalog = books_in(database).catalog
        await catalog.import_contents(Contents.model_validate(contents, strict=False), "a benchmark", datetime.now(UTC))
    return settings
