"""Connections: Temporal's own conventions, and one line when nobody is there."""

import asyncio
import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from hosting.embedded.ports import free_ports
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect, connect_to
from hosting.temporal.errors import ServerUnreachable
from tests.support.paths import ROOT
from workflows.guard.converter import DATA_CONVERTER


async def test_follows_temporals_variables(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", server.address)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "theirs")
    assert (await connect()).namespace == "theirs"
    client = await connect(namespace="ours")
    assert client.namespace == "ours"
    assert client.data_converter is DATA_CONVERTER


async def test_an_argument_goes_before_the_environment(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    await connect(server.address)


async def test_the_embedded_server_needs_no_keys(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_TLS", "true")
    monkeypatch.setenv("TEMPORAL_API_KEY", "meant for another server")
    assert (await connect_to(server.address)).namespace == "default"


async def test_nobody_there() -> None:
    (port,) = free_ports(1)
    with pytest.raises(ServerUnreachable) as refused:
        await connect(f"127.0.0.1:{port}")
    assert str(refused.value) == (
        f"No Temporal server can be reached at '127.0.0.1:{port}' (connection refused): "
        "set TEMPORAL_ADDRESS to the host:port of yours. Start a server with a worker."
    )


async def test_somebody_who_never_answers() -> None:
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as mute:
        port = mute.sockets[0].getsockname()[1]
        began = time.monotonic()
        with pytest.raises(ServerUnreachable, match=r"no answer within 0\.3 s"):
            await connect(f"127.0.0.1:{port}", timeout=timedelta(seconds=0.3))
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("address", ["http://localhost:7233", "localhost", "a b:7233", ":", "localhost:grpc"])
async def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ServerUnreachable, match="is not host:port: correct TEMPORAL_ADDRESS"):
        await connect(address)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("TEMPORAL_PROFILE", "nope", "Profile 'nope' not found"),
        ("TEMPORAL_TLS_CLIENT_CERT_PATH", "/no/such/file", "/no/such/file"),
        ("TEMPORAL_CONFIG_FILE", __file__, "TOML"),
    ],
)
async def test_broken_configuration(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ServerUnreachable, match=said) as refused:
        await connect()
    assert "\n" not in str(refused.value)


LAST_ACT = """
import asyncio, sys
from hosting.temporal.connection import connect_to
asyncio.run(connect_to(sys.argv[1]))
"""


def test_ends_cleanly_and_silently(server: EmbeddedServer) -> None:
    """Without the pause at exit one such process in three is killed by a signal."""
    root = ROOT
    for _ in range(3):
        ran = subprocess.run(
            [sys.executable, "-c", LAST_ACT, server.address],
            capture_output=True,
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
