"""How docs/notifications.md tries it out, command by command: publisher, worker and buyer are separate programs."""

import asyncio
import json
import os
import re
import shlex
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from activities.settings import LOOPBACK
from hosting.embedded.ports import free_ports
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "notifications.md").read_text()
SECTION = PAGE.partition("\n## Try it\n")[2].partition("\n## ")[0]
COMMANDS = re.findall(r"^(?:PERENNIAL|make|python)[^#\n]+", SECTION, re.MULTILINE)
ANY_PORTS = ["--dev", "--port", "0", "--http-port", "0", "--ui-port", "0"]
# A shell that runs tests in the background has its children ignore Ctrl-C.
HEEDING = "import runpy, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)"

pytestmark = pytest.mark.live

Environment = dict[str, str]


@asynccontextmanager
async def running(code: str, *options: str, env: Environment) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program of ours, which has nothing to warn of. Ctrl-C ends it cleanly; if the test has failed, it is killed."""
    env, pipe = {**env, "PERENNIAL_LOG_LEVEL": "warning"}, asyncio.subprocess.PIPE
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", f"{HEEDING}; sys.path[0] = {str(ROOT)!r}; {code}", *options),
        cwd=ROOT, env=env, stdout=pipe, stderr=pipe,
    )  # fmt: skip
    try:
        yield program
        program.send_signal(signal.SIGINT)
        _, errors = await program.communicate()
        assert (program.returncode, errors) == (0, b"")
    finally:
        if program.returncode is None:
            program.kill()
            await program.communicate()


async def until(program: asyncio.subprocess.Process, words: str) -> str:
    """What it prints up to the line with these words."""
    assert program.stdout is not None
    said = ""
    while words not in said:
        line = (await program.stdout.readline()).decode()
        assert line, said
        said += line
    return said


async def starter(*words: str, env: Environment) -> str:
    """What a command prints."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "starter.py", *words),
        cwd=ROOT, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, errors = await program.communicate()
    assert program.returncode == 0, errors.decode()
    return out.decode()


async def activated(link: str) -> str:
    """The result page that a buyer sees who opens the link and presses the button."""
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as browser:
        async with asyncio.timeout(30):
            # A running worker takes up an imported publisher within seconds: until then its gateway refuses it.
            while (page := await browser.get(link)).status_code == 502:
                await asyncio.sleep(0.5)
        assert page.status_code == 200
        fields = dict(re.findall(r'name="(token|seal)" value="([^"]+)"', page.text))
        result = await browser.post(link.partition("?")[0], data=fields)
        return re.sub(r"<[^>]+>", "", result.text)


async def events_at(address: str, count: int) -> list[dict[str, Any]]:
    """Once there are so many, the oldest first."""
    async with httpx2.AsyncClient(trust_env=False) as browser, asyncio.timeout(60):
        while True:
            found: list[dict[str, Any]] = (await browser.get(f"{address}/events.json")).json()["events"]
            if len(found) >= count:
                return found[::-1]
            await asyncio.sleep(0.05)


async def test_three_commands(tmp_path: Path) -> None:
    publisher_command, worker_command, listing, buy, *_ = COMMANDS
    assert publisher_command.strip() == "make publisher"
    environment = {**os.environ, "PERENNIAL_DATA_DIR": str(tmp_path / "data"), "PERENNIAL_TENANTS_PORT": "0"}
    (port,) = free_ports(1)
    options = ["--port", "0", "--data-dir", str(tmp_path / "publisher"), "--gateway", f"http://{LOOPBACK}:{port}"]
    run_publisher = "runpy.run_module('examples.publisher', run_name='__main__', alter_sys=True)"
    async with running(run_publisher, *options, env=environment) as publisher:
        said = await until(publisher, "Next, in another terminal: ")
        address = said.partition("receives notifications at ")[2].partition("/webhooks")[0]
        *variables, make, dev = shlex.split(said.partition("Next, in another terminal: ")[2])
        assert [make, dev] == worker_command.split()[-2:] == ["make", "dev"]
        names = dict(each.split("=", 1) for each in variables)
        assert names == {
            "PERENNIAL_GATEWAY_PORT": str(port),
            "PERENNIAL_SECRETS_FILE": str(tmp_path / "publisher" / "secrets.yaml"),
        }
        run_worker = f"runpy.run_path({str(ROOT / 'worker.py')!r}, run_name='__main__')"
        async with running(run_worker, *ANY_PORTS, env={**environment, **names}) as worker:
            said = await until(worker, "Worker on task queue")
            assert f"Publisher gateway  http://{LOOPBACK}:{port}/publisher/v1" in said
            server = re.search(r"^Temporal server +(\S+)$", said, re.MULTILINE)
            assert server is not None
            environment["TEMPORAL_ADDRESS"] = server[1]
            await _import_sample(tmp_path / "catalog.yaml", address, environment)
            assert shlex.split(listing)[2:4] == ["catalog", "import"]
            await starter("catalog", "import", str(tmp_path / "publisher" / "publishers.yaml"), env=environment)
            said = await starter(*shlex.split(buy)[2:], env=environment)
            link = re.search(r"http://\S+/set-up\?token=\w+", said)
            assert link is not None, said
            assert "Your trial runs until" in await activated(link[0])
            heard = await events_at(address, 3)
            assert [(one["event"], one["state"], one["verdict"]) for one in heard] == [
                ("purchased", "pending", "applied"),
                ("activated", "pending", "applied"),
                ("trial_started", "trial", "applied"),
            ]
            listed = json.loads(await starter("notifications", "list", "--all", "--json", env=environment))
            assert [(one["publisher"], one["seq"], one["standing"]) for one in listed] == [
                ("contoso", seq, "delivered") for seq in (1, 2, 3)
            ]


async def _import_sample(file: Path, publisher: str, environment: Environment) -> None:
    """The sample catalog, whose publisher is at the usual port."""
    sample = (ROOT / "scenarios" / "catalog.yaml").read_text()
    assert 'setup_url: "http://127.0.0.1:8235/set-up"' in sample
    file.write_text(sample.replace("http://127.0.0.1:8235", publisher))
    await starter("catalog", "import", str(file), env=environment)


async def test_the_page_names_what_the_programs_have() -> None:
    """The usual file and port; and commands that take what they are given."""
    assert "PERENNIAL_SECRETS_FILE=var/publisher/secrets.yaml make dev" in SECTION
    assert "http://127.0.0.1:8235/events" in SECTION
    operating = [shlex.split(command)[2:4] for command in COMMANDS if " notifications " in command]
    assert operating == [["notifications", word] for word in ("list", "retry", "skip")]
    for words in operating:
        assert "Usage: python starter.py" in await starter(*words, "--help", env={**os.environ})
