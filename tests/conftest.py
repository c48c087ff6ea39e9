"""What tests of several folders use: PostgreSQL databases, a browser, bounded properties; figures are printed last."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from playwright.async_api import Browser, expect

from activities.adapters.sql.schema import upgrade
from tests.support.browser import NoBrowser, running_browser
from tests.support.postgres_databases import Copies
from tests.support.postgres_server import NoServer, PostgresServer, running_server

FIGURES = "figures"
"""The name under which a test records a property that is printed even if the test passes."""

# Properties try the same examples on every machine, and have no time limit.
settings.register_profile(
    "bounded",
    derandomize=True,
    deadline=None,
    max_examples=100,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)
settings.load_profile("bounded")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: what is quick fills the processes that are done with theirs."""
    items.sort(key=lambda item: [item.get_closest_marker(name) is None for name in ("chaos", "slow", "live")])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have measured, whichever process ran them."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                if name == FIGURES:
                    terminalreporter.section(f"figures of {report.nodeid}")
                    terminalreporter.write_line(str(value))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server; the test is skipped if none can be started."""
    try:
        with running_server() as server:
            yield server
    except NoServer as none:
        pytest.skip(str(none))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a database that was migrated once, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "perennial.db"
    _upgrade(f"sqlite:///{path}")
    return path


def _upgrade(url: str) -> None:
    # In a thread, because the test that asks may be inside an event loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, upgrade(url)).result()


@pytest.fixture
def empty_postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The test's own database, without tables."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(scope="session")
def postgres_copies(postgres: PostgresServer) -> Iterator[Copies]:
    """Copies of a database that was migrated once."""
    template = postgres.create()
    _upgrade(postgres.url(template))
    copies = Copies(postgres, template)
    yield copies
    copies.drop()
    postgres.drop(template)


@pytest.fixture
def postgres_url(postgres: PostgresServer, postgres_copies: Copies) -> Iterator[str]:
    """The test's own database, migrated."""
    name = postgres_copies.take()
    yield postgres.url(name)
    postgres_copies.give_back(name)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser; the test is skipped if there is none."""
    try:
        async with running_browser() as browser:
            # Other tests may keep the machine busy.
            expect.set_options(timeout=30_000)
            yield browser
    except NoBrowser as none:
        pytest.skip(str(none))
