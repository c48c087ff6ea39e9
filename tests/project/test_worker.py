"""`worker.py` as a process: what it refuses is one line, and it leaves without a traceback."""

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from activities.adapters.sql.schema import upgrade
from cli.app import app
from hosting.temporal.connection import connect_to
from hosting.temporal.namespace import kept
from tests.support.paths import ROOT
from tests.support.plain_server import plain_server

# A shell that runs tests in the background has its children ignore Ctrl-C.
HEEDING = "import runpy, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)"
PROGRAM = f"{HEEDING}; sys.path[0] = {str(ROOT)!r}; runpy.run_path({str(ROOT / 'worker.py')!r}, run_name='__main__')"
DEV = ["--dev", "--port", "0", "--http-port", "0", "--ui-port", "0"]


@contextmanager
def worker(directory: Path, options: list[str], **variables: str) -> Iterator[subprocess.Popen[str]]:
    """On stderr is what went wrong alone: it logs no more than warnings."""
    quiet = {"PERENNIAL_LOG_LEVEL": "warning", "PERENNIAL_TENANTS_PORT": "0"}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *options],
        cwd=directory.parent,
        env={**os.environ, "PERENNIAL_DATA_DIR": str(directory), **quiet, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def refused(directory: Path, options: list[str], **variables: str) -> tuple[int | None, str]:
    """The exit code, and the one line on stderr; nothing is promised on stdout."""
    with worker(directory, options, **variables) as process:
        out, line = process.communicate(timeout=30)
    assert out == ""
    assert line.count("\n") == 1
    return process.returncode, line


def misused(directory: Path, options: list[str], **variables: str) -> str:
    """The one line on stderr of wrong usage, which this process finds too: nothing has begun yet."""
    result = CliRunner().invoke(app, ["worker", *options], env={"PERENNIAL_DATA_DIR": str(directory), **variables})
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    return result.stderr


def starter(directory: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command line on that data directory, with no server named."""
    named = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
    return subprocess.run(
        [sys.executable, str(ROOT / "starter.py"), *words],
        env={**named, "PERENNIAL_DATA_DIR": str(directory), **variables},
        capture_output=True,
        text=True,
    )


def until_it_works(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    assert process.stderr is not None
    said = ""
    while "Worker on task queue" not in said:
        line = process.stdout.readline()
        assert line, said + process.stderr.read()
        said += line
    return said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--dev", "--port", "17400", "--http-port", "17400"], "Two options name port 17400, --port and --http-port: "),
        (["--dev", "--ui-port", "17400"], "Two options name port 17400, --ui-port and PERENNIAL_TENANTS_PORT: "),
        (["--port", "5"], "--port is a port of the server that --dev runs: add --dev"),
        (["--dev", "--address", "X"], "--address names a server of yours, --dev runs its own"),
    ],
)
def test_options_that_do_not_go_together(tmp_path: Path, options: list[str], said: str) -> None:
    line = misused(tmp_path / "data", options, PERENNIAL_TENANTS_PORT="17400")
    assert said in line
    assert not (tmp_path / "data").exists()


def test_the_server_beside_it_has_the_nexus_endpoint(tmp_path: Path) -> None:
    """It leads to the worker's task queue."""
    with worker(tmp_path / "data", DEV, PERENNIAL_TASK_QUEUE="of-its-own") as process:
        address = until_it_works(process).split()[2]
        shown = subprocess.run(
            [Path(sys.executable).parent / "temporal", "operator", "nexus", "endpoint", "get", "--name", "perennial"],
            env={**os.environ, "TEMPORAL_ADDRESS": address},
            capture_output=True,
            text=True,
        )
        # Commands find that server by themselves.
        found = starter(tmp_path / "data", "setup", "--check", PERENNIAL_TASK_QUEUE="of-its-own")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert "of-its-own" in shown.stdout, shown.stderr
    assert (found.returncode, f"at {address} (id " in found.stdout) == (0, True), found
    left_alone = starter(tmp_path / "data", "config")
    assert re.search(r"^TEMPORAL_ADDRESS +localhost:7233 +default$", left_alone.stdout, re.MULTILINE), left_alone


def test_a_faulty_setting_is_wrong_usage(tmp_path: Path) -> None:
    line = misused(tmp_path / "data", DEV, PERENNIAL_TENANTS_PORT="many")
    assert line.partition(":")[0] == "PERENNIAL_TENANTS_PORT"


def test_a_data_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    code, line = refused(tmp_path / "data", DEV)
    assert (code, line.partition(":")[0]) == (1, "PERENNIAL_DATA_DIR")


@pytest.mark.parametrize("name", ["perennial.db", "tenants.db"])
@pytest.mark.parametrize("broken", ["bytes", "directory"])
def test_a_file_that_is_no_database(tmp_path: Path, name: str, broken: str) -> None:
    file = tmp_path / "data" / name
    file.parent.mkdir()
    if broken == "bytes":
        file.write_bytes(bytes(range(1, 256)) * 40)
    else:
        file.mkdir()
    code, line = refused(tmp_path / "data", DEV)
    assert code == 1
    assert line.startswith(f"{file} is not a usable database (")
    # The files come first: no server was started for nothing.
    assert not (tmp_path / "data" / "temporal.db").exists()


def test_somebody_elses_database(tmp_path: Path) -> None:
    file = tmp_path / "data" / "perennial.db"
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE journal (x)")
    code, line = refused(tmp_path / "data", DEV)
    assert code == 1
    assert line.startswith(f"The database {file} has tables but no revision of Perennial")


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    url = "postgresql://someone:hunter2@127.0.0.1:1/books"
    code, line = refused(tmp_path / "data", DEV, PERENNIAL_DATABASE_URL=url)
    assert code == 1
    assert line.startswith("The database of PERENNIAL_DATABASE_URL cannot be opened (")
    assert "hunter2" not in line


async def test_a_server_of_others_is_only_checked(tmp_path: Path) -> None:
    """Neither it nor the database is changed, unless the setting says so; what is missing is one line."""
    async with plain_server() as address:
        there = ["--address", address]
        code, line = await asyncio.to_thread(refused, tmp_path / "data", there)
        assert (code, line.startswith("There is no database at ")) == (1, True)
        assert line.endswith("starter.py setup\n"), line
        await upgrade(f"sqlite:///{tmp_path / 'data' / 'perennial.db'}")
        code, line = await asyncio.to_thread(refused, tmp_path / "data", there)
        assert code == 1
        assert line.startswith("Not ready for workers: Namespace 'default' keeps ended workflows for 1 day, Perennial")
        assert "lacks the search attributes SubscriptionState (Keyword), " in line
        for prepare in ("off", "on", "check"):
            with worker(tmp_path / "data", there, PERENNIAL_PREPARE=prepare) as process:
                await asyncio.to_thread(until_it_works, process)
                process.send_signal(signal.SIGINT)
                _, said = await asyncio.to_thread(process.communicate, timeout=30)
            assert (process.returncode, said) == (0, "")
            changed = await kept(await connect_to(address)) > timedelta(days=1)
            assert changed == (prepare != "off")


@pytest.mark.parametrize("delay", [0.5, 1])
def test_an_interrupt_while_it_starts(tmp_path: Path, delay: float) -> None:
    with worker(tmp_path / "data", DEV) as process:
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode in {0, 130}
    assert said == ""


def test_a_server_that_lost_its_files_gets_the_books_only_when_told(tmp_path: Path) -> None:
    """It is another server, as is the one of a database that belongs elsewhere: nothing is moved by mistake."""
    with worker(tmp_path / "data", DEV) as process:
        until_it_works(process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    for file in (tmp_path / "data").glob("temporal.db*"):
        file.unlink()
    with worker(tmp_path / "data", DEV) as process:
        _, line = process.communicate(timeout=60)
    assert (process.returncode, line.count("\n")) == (1, 1)
    place = tmp_path / "data" / "perennial.db"
    assert line.startswith(f"The books in {place} belong to namespace 'default' at 127.0.0.1:")
    assert line.endswith("starter.py setup --dev --adopt\n")
    moved = starter(tmp_path / "data", "setup", "--dev", "--adopt")
    assert moved.returncode == 0, moved
    with worker(tmp_path / "data", DEV) as process:
        until_it_works(process)


@pytest.mark.live
def test_a_worker_that_joined_stops_with_the_first(tmp_path: Path) -> None:
    with worker(tmp_path / "data", DEV) as first, worker(tmp_path / "data", DEV) as second:
        joined = {process: "Joined" in until_it_works(process) for process in (first, second)}
        assert sorted(joined.values()) == [False, True]
        runs, follows = sorted(joined, key=lambda process: joined[process])
        runs.send_signal(signal.SIGINT)
        _, said = runs.communicate(timeout=30)
        assert (runs.returncode, said) == (0, "")
        _, line = follows.communicate(timeout=15)
    assert follows.returncode == 1
    assert line.count("\n") == 1
    assert line.startswith("The Temporal server that another process ran on these files at 127.0.0.1:")
