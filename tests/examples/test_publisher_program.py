"""`python -m examples.publisher`: what it prints, how it ends."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
import pytest_asyncio

from cli.catalog.file import read_catalog
from hosting.files.secrets import load_secrets
from tests.support.paths import ROOT
from tests.support.publisher.messages import SECRET, message, send
from tests.support.publisher.secrets import secret

Start = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest_asyncio.fixture
async def started() -> AsyncIterator[Start]:
    """Starts the program with these options; what a test leaves running is killed."""
    running: list[asyncio.subprocess.Process] = []

    async def start(*options: str, secrets: str = "") -> asyncio.subprocess.Process:
        environment = {name: value for name, value in os.environ.items() if name != "PUBLISHER_SECRETS"}
        program = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "examples.publisher",
            *options,
            cwd=ROOT,
            env={**environment, **({"PUBLISHER_SECRETS": secrets} if secrets else {})},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        running.append(program)
        return program

    yield start
    for program in running:
        if program.returncode is None:
            program.kill()
            await program.communicate()


async def address_of(program: asyncio.subprocess.Process) -> str:
    assert program.stdout is not None
    while line := await program.stdout.readline():
        if found := re.search(r"receives notifications at (http://\S+)/webhooks", line.decode()):
            return found.group(1)
    raise AssertionError("it has ended")


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
async def test_it_serves_until_it_is_stopped(started: Start, tmp_path: Path, ending: signal.Signals) -> None:
    program = await started("--port", "0", "--data-dir", str(tmp_path), secrets=f"{SECRET},{SECRET}")
    async with httpx2.AsyncClient(base_url=await address_of(program), trust_env=False) as client:
        assert (await send(client, message("s", 1, 0))).json()["verdict"] == "applied"
    program.send_signal(ending)
    out, errors = await program.communicate()
    assert (program.returncode, errors) == (0, b"")
    assert SECRET not in out.decode()


async def test_it_makes_its_secret_once(started: Start, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    for made in (True, False):
        program = await started("--port", "0", "--data-dir", str(folder))
        assert program.stdout is not None
        line = (await program.stdout.readline()).decode()
        assert ("A secret was created" in line) == made
        kept = (folder / "secrets").read_text()
        assert kept.strip() not in line
        program.terminate()
        await program.communicate()
        assert kept == (folder / "secrets").read_text()
    assert (folder / "secrets").stat().st_mode & 0o777 == 0o600


async def said_by(started: Start, *options: str, secrets: str = "") -> str:
    """What the program prints until it serves; then it is stopped."""
    program = await started(*options, secrets=secrets)
    assert program.stdout is not None
    said = ""
    while "Next, in another terminal: " not in said:
        line = (await program.stdout.readline()).decode()
        assert line, said
        said += line
    program.terminate()
    await program.communicate()
    return said


async def test_it_writes_the_operators_file_once(started: Start, tmp_path: Path) -> None:
    """A worker takes it as it is; what stands in it is the operator's from then on."""
    options = ["--port", "0", "--data-dir", str(tmp_path), "--id", "no"]
    file, secrets_file = tmp_path / "publishers.yaml", tmp_path / "secrets.yaml"
    said = await said_by(started, *options, secrets=f"{SECRET.removeprefix('whsec_')} {secret('other')}")
    assert f"The operator's files were written to {file} and {secrets_file}." in said
    assert f"PERENNIAL_SECRETS_FILE={secrets_file} make dev" in said
    assert secrets_file.stat().st_mode & 0o777 == 0o600
    assert "whsec_" not in file.read_text()
    (listed,) = read_catalog([file]).contents.publishers
    entry = load_secrets(secrets_file).endpoint(listed)
    assert (entry.id, f"notifications at {entry.url}\n" in said) == ("no", True)
    assert [key.get_secret_value() for key in entry.secrets] == [SECRET, secret("other")]
    assert f"{SECRET[6:]}" not in said
    written = file.read_text()
    port = str(urlsplit(entry.url).port)
    same = ["--port", port, *options[2:]]
    assert f"The operator's files are {file} and {secrets_file}.\n" in await said_by(started, *same, secrets=SECRET)
    other = await said_by(started, *options, secrets=secret("third"))
    assert f"The operator's file {file} does not match: it lacks the address http://127.0.0.1:" in other
    same_place = await said_by(started, *same, secrets=secret("third"))
    assert f"The operator's file {secrets_file} does not match: it lacks our secret. Correct it, or" in same_place
    assert file.read_text() == written


async def test_an_operators_file_that_cannot_be_used(started: Start, tmp_path: Path) -> None:
    (tmp_path / "publishers.yaml").mkdir()
    program = await started("--port", "0", "--data-dir", str(tmp_path), secrets=SECRET)
    _, errors = await program.communicate()
    assert program.returncode == 1
    assert errors.decode() == (
        f"The file {tmp_path}/publishers.yaml cannot be used (Is a directory): choose another folder with --data-dir.\n"
    )


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--port", "70000"], 2, "Argument --port: takes a whole number from 0 to 65535, not '70000'."),
        (["--port"], 2, "Argument --port: expected one argument."),
        (["--gateway", "nowhere"], 2, "takes an address such as http://127.0.0.1:8236, not 'nowhere'"),
        (["--gateway", "http://[x"], 2, "takes an address"),
        (["--id", "con toso"], 2, "takes up to 64 letters"),
        (["--max-quantity", "-1"], 2, "--max-quantity"),
        (["--speed", "1"], 2, "Unrecognized arguments: --speed 1."),
        (["--secret-file", "missing"], 2, "The secrets of missing cannot be read: No such file or directory."),
        (["--secret-file", "Makefile"], 2, "Makefile: a secret is whsec_ and base64"),
        (["--secret-file", "/dev/null"], 2, "/dev/null: an inbox needs at least one secret."),
        (
            ["--data-dir", "Makefile"],
            1,
            "The folder Makefile cannot be used (File exists): choose another with --data-dir.",
        ),
    ],
)
async def test_what_was_given_wrong_is_one_line(
    started: Start, tmp_path: Path, options: list[str], code: int, words: str
) -> None:
    program = await started("--data-dir", str(tmp_path), *options)
    out, errors = await program.communicate()
    assert (program.returncode, out) == (code, b"")
    assert words in errors.decode()
    assert errors.decode().count("\n") == 1


async def test_a_port_that_is_taken(started: Start, tmp_path: Path) -> None:
    first = await started("--port", "0", "--data-dir", str(tmp_path / "a"), secrets=SECRET)
    port = (await address_of(first)).rpartition(":")[2]
    second = await started("--port", port, "--data-dir", str(tmp_path / "b"), secrets=SECRET)
    _, errors = await second.communicate()
    assert second.returncode == 1
    assert errors.decode() == (
        f"Port {port} cannot be used (Address already in use): stop the program that uses it, or choose another "
        "with --port; 0 takes any free port.\n"
    )
    first.terminate()
    await first.communicate()
    assert first.returncode == 0


async def test_a_secret_that_is_none_is_not_shown(started: Start, tmp_path: Path) -> None:
    program = await started("--data-dir", str(tmp_path), secrets="whsec_?hidden")
    _, errors = await program.communicate()
    assert (program.returncode, b"hidden" in errors) == (2, False)
    assert errors.decode().startswith("PUBLISHER_SECRETS: a secret is")
