"""What the readers of stories have: a checkout, a terminal of 80 columns, and for some `make dev`."""

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cli.rehearsal.live import fresh_settings, scenario_server
from hosting.embedded.ports import free_ports
from tests.support.command_line import Starter, in_a_thread, variables
from tests.support.pages.story import Reader
from tests.support.paths import ROOT
from tests.support.terminal import NARROW


@pytest.fixture
def reader(starter: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """At the top of a checkout, in which nothing runs."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for each in ROOT.iterdir():
        if not each.name.startswith(".") and each.name != "var":
            (checkout / each.name).symlink_to(each)
    (checkout / ".venv").symlink_to(sys.prefix)
    monkeypatch.chdir(checkout)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for name, value in {**NARROW, "PATH": path, "PWD": str(checkout)}.items():
        monkeypatch.setenv(name, value)
    return Reader(starter, monkeypatch.setenv, tmp_path, {"7233": free_ports(1)[0]})


@pytest.fixture
def dev(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Beside `make dev`: a server and a worker, with empty books."""

    @asynccontextmanager
    async def serve() -> AsyncIterator[str]:
        async with scenario_server(tmp_path) as server:
            yield server.address

    with in_a_thread(serve()) as address:
        for name, value in variables(fresh_settings(tmp_path), address).items():
            monkeypatch.setenv(name, value)
        yield reader
