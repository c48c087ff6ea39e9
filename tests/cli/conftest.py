import itertools
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from activities.settings import Settings
from cli import start
from cli.app import app
from cli.rehearsal.live import fresh_settings, scenario_server
from tests.support.command_line import Ask, Billed, Program, Starter, in_a_thread, variables
from tests.support.paths import ROOT
from tests.support.publisher.endpoint import Endpoint, publishers_at
from tests.support.publisher.imported import listed_in
from tests.support.shop.catalog import buyer, contents

_buyers = itertools.count(1)


@pytest.fixture
def starter(monkeypatch: pytest.MonkeyPatch) -> Starter:
    """The command line inside this process, as wide as without a setting for it."""
    # A test runner's own terminal, which readline leaves in the environment.
    monkeypatch.delenv("COLUMNS", raising=False)

    def invoke(*args: str | Path, typed: str | None = None) -> Result:
        return CliRunner().invoke(app, [str(arg) for arg in args], input=typed, prog_name=start.program())

    return invoke


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The command line as a separate process, without access to other data or servers."""

    def run(*args: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "starter.py", *map(str, args)],
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "PERENNIAL_DATA_DIR": str(tmp_path / "var"), **environment},
        )

    return run


@pytest.fixture(scope="session")
def endpoint() -> Endpoint:
    """Of the publisher `told`, who is given up after one try. It serves as long as the worker runs."""
    return Endpoint()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, endpoint: Endpoint) -> Iterator[dict[str, str]]:
    """A server, a worker and a filled catalog in a thread of their own; what tells the command line where they are."""
    directory = tmp_path_factory.mktemp("cli")
    settings = fresh_settings(directory)

    @asynccontextmanager
    async def serve() -> AsyncIterator[str]:
        async with endpoint:
            secrets = await listed_in(settings, publishers_at(endpoint.url, told={"terms": {"tries": 1}}))
            async with scenario_server(directory, secrets=secrets) as server:
                await server.world.books.catalog.import_contents(contents(), "the shop", datetime.now(UTC))
                yield server.address

    with in_a_thread(serve()) as address:
        yield variables(settings, address)


@pytest.fixture
def ask(starter: Starter, running: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    for name, value in running.items():
        monkeypatch.setenv(name, value)
    return Ask(starter)


@pytest.fixture
def customer() -> str:
    """A customer of the shop who has nothing, and whom no other test knows."""
    return buyer(next(_buyers))


@pytest.fixture
def billed(ask: Ask, customer: str) -> Billed:
    subscription = f"crm-{customer}"
    clock = "--test-clock 2027-01-15T09:00:00Z"
    ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --id {subscription} {clock}")
    ask.json(f"clock advance {customer} --to 2027-02-10T00:00:00Z")
    (invoice,) = ask.json(f"invoice list --customer {customer}")
    return Billed(ask, customer, subscription, invoice["invoice"])


@pytest.fixture
def settings(running: dict[str, str], ask: Ask) -> Settings:
    """The settings that the command line is run with, for a look into its books."""
    return Settings.load()
