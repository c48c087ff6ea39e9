"""Run scenarios on a real server: in a fresh directory, with time skipping, several at once."""

import asyncio
import textwrap
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from activities.notifications.publishers import Secrets
from activities.settings import DRIVER, Settings
from cli.failure import Failure
from cli.printing.progress import Progress
from cli.running import run
from hosting.assembly import World, prepare_namespace, running_worker
from hosting.embedded.ports import require_free
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from hosting.temporal.errors import PortInUse
from perennial.rehearsal.scenario_runner import ScenarioRun
from perennial.rehearsal.time_skipping import ClockStuck
from statemachines.simulation.course import simulate
from statemachines.simulation.document import ScenarioReport
from statemachines.simulation.scenario import Scenario
from workflows.calls.errors import CallError

UI_PORT = 8233
AT_ONCE = 6
LONGEST_NAME = 26
NO_SECRETS = Secrets()


@dataclass(frozen=True)
class ScenarioServer:
    """A server and a worker that scenarios run on."""

    address: str
    ui_address: str | None
    world: World


@asynccontextmanager
async def scenario_server(
    directory: Path, *, web_ui: bool = False, secrets: Secrets = NO_SECRETS
) -> AsyncIterator[ScenarioServer]:
    """Start a server and a worker with all their files in the directory: the user's own data is not touched."""
    settings = fresh_settings(directory)
    async with EmbeddedServer(directory, ui_port=_ui_port() if web_ui else None) as server:
        client = await connect_to(server.address)
        await prepare_namespace(client)
        async with running_worker(client, settings, secrets) as world:
            yield ScenarioServer(address=server.address, ui_address=server.endpoints.ui_address, world=world)


def fresh_settings(directory: Path) -> Settings:
    """Settings that ignore the environment, which describes the user's own data."""
    return Settings.load(
        data_dir=directory,
        database_url=f"{DRIVER}:///{(directory / 'books.db').as_posix()}",
        tenants_path=directory / "tenants.db",
        tenants_url=None,
        secrets_file=None,
        task_queue="stage",
        deployment=None,
        periods_per_run=3,
    )


def _ui_port() -> int:
    """The usual port if it is free, else any."""
    try:
        require_free(UI_PORT, "the Web UI")
    except PortInUse:
        return 0
    return UI_PORT


@dataclass(frozen=True)
class LiveRun:
    """A scenario with its forecast and with what happened."""

    scenario: Scenario
    forecast: ScenarioReport
    happened: ScenarioReport


async def run_all(server: ScenarioServer, scenarios: Sequence[Scenario], progress: Progress) -> AsyncGenerator[LiveRun]:
    """Run the scenarios; yield them in their order, each as soon as it and those before it are done."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def run_one(scenario: Scenario, key: str) -> LiveRun:
        async with slots:
            forecast = simulate(scenario)
            progress.begin(key, scenario.name)
            try:
                whole = ScenarioRun(scenario, key, server.world, lambda note: progress.note(key, note))
                happened = await whole.run(datetime.now(UTC))
            except (CallError, ClockStuck) as error:
                raise Failure(f"{scenario.name}: {error}") from None
            progress.end(key)
            return LiveRun(scenario=scenario, forecast=forecast, happened=happened)

    ids = (subscription_id(scenario, number) for number, scenario in enumerate(scenarios, start=1))
    tasks = [asyncio.create_task(run_one(scenario, key)) for scenario, key in zip(scenarios, ids, strict=True)]
    try:
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def subscription_id(scenario: Scenario, number: int) -> str:
    """An id by which the subscription can be found in the Web UI: `03-bought-on-january-31`."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in scenario.name.lower()).split()
    return "-".join([f"{number:02}", *textwrap.shorten(" ".join(words), LONGEST_NAME, placeholder="").split()])


def live_reports(scenarios: Sequence[Scenario]) -> list[ScenarioReport]:
    """Run the scenarios on a server of their own, and report what happened in each."""
    with TemporaryDirectory(prefix="perennial-") as directory, Progress() as progress:
        return run(_live_reports(Path(directory), scenarios, progress))


async def _live_reports(directory: Path, scenarios: Sequence[Scenario], progress: Progress) -> list[ScenarioReport]:
    progress.begin("server", "a Temporal server and a worker")
    async with scenario_server(directory) as server:
        progress.end("server")
        async with aclosing(run_all(server, scenarios, progress)) as runs:
            return [one.happened async for one in runs]
