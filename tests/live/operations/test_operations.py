"""docs/operations.md followed word for word: a Temporal server with none of our settings, an empty PostgreSQL."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hosting.embedded.command import DYNAMIC_CONFIG
from hosting.temporal.by_hand import type_of
from tests.support.paths import ROOT
from tests.support.plain_server import plain_server
from workflows.durable import search_attributes

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

PAGE = (ROOT / "docs" / "operations.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
TYPED = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(section: str) -> list[str]:
    """The lines of the section's blocks that are typed."""
    return "".join(TYPED.findall(SECTIONS[section])).splitlines()


class Host:
    """A host of somebody who has read the page: it types its lines, with the addresses of the test."""

    def __init__(self, folder: Path, address: str, database: str) -> None:
        self._given = {"localhost:7233": address, "postgresql://perennial@localhost:5432/perennial": database}
        named = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "PERENNIAL_"))}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self._environment = {**named, "PATH": path, "PERENNIAL_DATA_DIR": str(folder)}

    def export(self, line: str) -> None:
        """Keep what `export NAME=VALUE` sets."""
        name, _, value = line.removeprefix("export ").partition("=")
        self._environment[name] = self._given.get(value, value)

    async def type(self, line: str, *, code: int = 0, **variables: str) -> str:
        """What the line prints; it must end with that code, and never with a traceback."""
        process = await self._started(line, variables)
        printed = (await process.communicate())[0].decode()
        assert (process.returncode, "Traceback" in printed) == (code, False), printed
        return printed

    @asynccontextmanager
    async def running(self, line: str) -> AsyncIterator[None]:
        """A worker inside; SIGTERM ends it gracefully."""
        process = await self._started(f"exec {line}", {})
        assert process.stdout
        said = ""
        while "Worker on task queue" not in said:
            more = (await process.stdout.readline()).decode()
            assert more, said
            said += more
        yield
        process.send_signal(signal.SIGTERM)
        rest = (await process.communicate())[0].decode()
        assert (process.returncode, "Traceback" in rest) == (0, False), rest

    async def _started(self, line: str, variables: Mapping[str, str]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *("bash", "-euc", line),
            cwd=ROOT,
            env={**self._environment, **variables},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )


async def test_the_page_is_followed_word_for_word(empty_postgres_url: str, tmp_path: Path) -> None:
    *exports, check, setup = commands("Prepare it")
    (worker,) = commands("Workers")
    config, *sale, reconcile = commands("The first sale")
    (for_tests,) = commands("A namespace for tests")
    (adopt,) = commands("Books belong to one server")
    (again,) = commands("Upgrades")
    async with plain_server() as address:
        host = Host(tmp_path, address, empty_postgres_url)
        for line in exports:
            host.export(line)
        assert "Namespace 'perennial' does not exist" in await host.type(check, code=1)
        refused = await host.type(worker, code=1)
        assert refused.endswith("starter.py setup\n"), refused
        await host.type(setup)
        assert "prepared now" not in await host.type(check)
        async with host.running(worker), host.running(worker):
            shown = await host.type(config)
            assert re.search(rf"^TEMPORAL_ADDRESS +{address} +environment$", shown, re.MULTILINE), shown
            for line in sale:
                await host.type(line)
            assert json.loads(await host.type("python starter.py show my-first --json"))["quantity"] == 3
            assert "agree" in await host.type(reconcile)
            assert "cannot skip time" in await host.type(for_tests, code=1)
        # Others' workers and commands, with the same books.
        await host.type(setup, TEMPORAL_NAMESPACE="another", code=1)
        refused = await host.type(worker, TEMPORAL_NAMESPACE="another", code=1)
        assert "belong to namespace 'perennial' at " in refused, refused
        refused = await host.type(reconcile, TEMPORAL_NAMESPACE="another", code=1)
        assert "belong to namespace 'perennial' at " in refused, refused
        async with plain_server() as rebuilt:
            await host.type(adopt, TEMPORAL_ADDRESS=rebuilt)
            assert "missing" in await host.type(reconcile, TEMPORAL_ADDRESS=rebuilt, code=1)
        await host.type(adopt)
        await host.type(again)


def test_what_an_administrator_types_for_the_cloud_names_every_attribute() -> None:
    (cloud,) = (block for block in SHOWN.findall(SECTIONS["TLS, keys, and Temporal Cloud"]) if "tcld" in block)
    named = re.findall(r'--search-attribute "(\w+)=(\w+)"', cloud)
    assert sorted(named) == sorted((key.name, type_of(key)) for key in search_attributes.ALL)


def test_the_page_has_every_setting_of_the_embedded_server() -> None:
    section = SECTIONS["What the embedded server sets, and yours may not"]
    rest = {"history.timerProcessorMaxTimeShift", "history.workflowIdReuseMinimalInterval"}
    skipping = {"frontend.WorkflowTimeSkippingMaxSkipPerSession", *rest}
    assert set(re.findall(r"`(\w+\.\w+)`", section)) == DYNAMIC_CONFIG.keys() - skipping
