"""`worker.py` as a process that serves publishers."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from activities.notifications.publishers import Publishers
from hosting.publisher_workers import LOOK_AGAIN
from tests.support.live.purchases import settings_in
from tests.support.paths import ROOT
from tests.support.publisher.imported import listed_in
from tests.support.publisher.signing import CONTOSO, CONTOSOS_NEXT

PROGRAM = f"""
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path[0] = {str(ROOT)!r}
runpy.run_path({str(ROOT / "worker.py")!r}, run_name="__main__")
"""
DEV = ["--dev", "--port", "0", "--http-port", "0", "--ui-port", "0"]

pytestmark = pytest.mark.live


def worker(directory: Path, options: list[str], gateway_port: int) -> "subprocess.Popen[str]":
    file = directory.parent / "secrets.yaml"
    file.write_text(f"contoso-1: {CONTOSO}\n")
    variables = {
        "PERENNIAL_DATA_DIR": str(directory),
        "PERENNIAL_GATEWAY_PORT": str(gateway_port),
        "PERENNIAL_SECRETS_FILE": str(file),
    }
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *options],
        cwd=directory.parent,
        env={**os.environ, "PERENNIAL_TENANTS_PORT": "0", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until_it_works(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    said = ""
    while "Worker on task queue" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    return said


def test_it_says_where_publishers_post_to(tmp_path: Path) -> None:
    """One that joins another worker's server leaves the gateway to it, whose port it cannot have."""
    with worker(tmp_path / "data", DEV, 0) as first:
        try:
            address = re.search(
                r"^Publisher gateway  (http://127\.0\.0\.1:(\d+)/publisher/v1)$", until_it_works(first), re.M
            )
            assert address is not None
            answer = httpx2.post(address[1], content=b"{}", trust_env=False)
            assert (answer.status_code, answer.json()["error"]["type"]) == (401, "Unsigned")
            with worker(tmp_path / "data", DEV, int(address[2])) as second:
                try:
                    said = until_it_works(second)
                    assert "Publisher gateway" not in said
                    assert "No publisher gateway here: the worker that runs the server has it, if it was given" in said
                finally:
                    second.kill()
            first.send_signal(signal.SIGINT)
            _, said = first.communicate(timeout=30)
            assert first.returncode == 0
            assert {json.loads(line)["level"] for line in said.splitlines()} == {"info"}
        finally:
            first.kill()


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with worker(tmp_path / "data", DEV, port) as process:
            _, line = process.communicate(timeout=60)
    assert (process.returncode, line.count("\n")) == (1, 1)
    assert line.startswith(
        f"The publisher gateway cannot listen on 127.0.0.1 port {port} (Address already in use): set"
    )


def test_two_settings_of_one_port(tmp_path: Path) -> None:
    with worker(tmp_path / "data", [*DEV[:-1], "17400"], 17400) as process:
        _, line = process.communicate(timeout=30)
    assert process.returncode == 2
    assert line.startswith("Two options name port 17400, --ui-port and PERENNIAL_GATEWAY_PORT: ")


def test_the_former_file_of_publishers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its publishers would be notified of nothing, silently."""
    monkeypatch.setenv("PERENNIAL_PUBLISHERS_FILE", "etc/publishers.yaml")
    with worker(tmp_path / "data", DEV, 0) as process:
        _, line = process.communicate(timeout=30)
    assert (process.returncode, line.count("\n")) == (2, 1)
    assert line.startswith("PERENNIAL_PUBLISHERS_FILE: got 'etc/publishers.yaml'; it is read no more")
    assert "PERENNIAL_SECRETS_FILE" in line


async def test_a_worker_says_which_secrets_it_lacks(tmp_path: Path) -> None:
    """Once, on stderr, with the file that lacks them."""
    settings = settings_in(tmp_path / "data", "lacking")
    contoso = {"id": "contoso", "url": "https://example.com/", "secrets": [CONTOSO, CONTOSOS_NEXT]}
    await listed_in(settings, Publishers.model_validate({"publishers": [contoso]}))
    with worker(settings.data_dir, DEV, 0) as process:
        try:
            until_it_works(process)
            await asyncio.sleep(2.5 * LOOK_AGAIN.total_seconds())
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    (warning,) = [line for line in map(json.loads, said.splitlines()) if line["level"] != "info"]
    assert (warning["level"], warning["message"]) == (
        "warning",
        f"Publisher contoso is not notified from here: contoso-2 missing in {tmp_path}/secrets.yaml "
        "(PERENNIAL_SECRETS_FILE). Add what is missing: the file is read again. Until then its notifications wait for "
        "a worker that has the secrets.",
    )
