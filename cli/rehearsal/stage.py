"""A server, a worker and books of their own, in a fresh directory, on which lives are played with time skipping."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from activities.notifications.publishers import Publishers
from activities.settings import DRIVER, Settings
from hosting.assembly import World, prepare_namespace, running_worker
from hosting.embedded.ports import require_free
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from hosting.temporal.errors import PortInUse
from perennial.rehearsal.scenario_runner import LiveScenario
from statemachines.simulation.document import LifeReport
from statemachines.simulation.scenario import Scenario
from workflows.guard.converter import DATA_CONVERTER

UI_PORT = 8233
NOBODY = Publishers()


@dataclass(frozen=True)
class Stage:
    """Where lives are played."""

    address: str
    ui_address: str | None
    world: World

    async def play(self, scenario: Scenario, subscription_id: str, progress: Callable[[str], None]) -> LifeReport:
        """The whole life, on the server."""
        return await LiveScenario(scenario, subscription_id, self.world, progress).run(datetime.now(UTC))


@asynccontextmanager
async def stage(directory: Path, *, web_ui: bool = False, publishers: Publishers = NOBODY) -> AsyncIterator[Stage]:
    """Everything in the directory and in memory: nothing of the user's own data is touched, and nobody is told."""
    settings = fresh_settings(directory)
    async with EmbeddedServer(directory, ui_port=_ui_port() if web_ui else None) as server:
        client = await connect_to(server.address, data_converter=DATA_CONVERTER)
        await prepare_namespace(client)
        async with running_worker(client, settings, publishers) as world:
            yield Stage(address=server.address, ui_address=server.ui_address, world=world)


def fresh_settings(directory: Path) -> Settings:
    """Settings that the environment has no say in: what is set there is the user's own."""
    return Settings.load(
        data_dir=directory,
        database_url=f"{DRIVER}:///{(directory / 'books.db').as_posix()}",
        tenants_path=directory / "tenants.db",
        tenants_url=None,
        publishers_file=None,
        task_queue="stage",
        periods_per_run=3,
    )


def _ui_port() -> int:
    """The usual port where it is free, else any."""
    try:
        require_free(UI_PORT, "the Web UI")
    except PortInUse:
        return 0
    return UI_PORT
