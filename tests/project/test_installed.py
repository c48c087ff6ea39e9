"""The wheel, installed into an environment of its own: the command `perennial`, from any directory."""

import json
import os
import signal
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.paths import ROOT

DEV = ["worker", "--dev", "--port", "0", "--http-port", "0", "--ui-port", "0"]
Run = Callable[..., subprocess.CompletedProcess[str]]

LONGEST = 300
"""Seconds that a command may take: the demo needs some ten, and many times that where a machine does much else."""


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed command. Its packages are those of the tests: what the registry gives is `make install-check`'s."""
    directory = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    venv.create(directory / "venv", symlinks=True)
    (wheel,) = directory.glob("*.whl")
    python = directory / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    (packages,) = (directory / "venv" / "lib").glob("python*/site-packages")
    (packages / "of-the-tests.pth").write_text(sysconfig.get_path("purelib"))
    return python.with_name("perennial")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Away from the checkout, and from anybody's data and server."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return {"PATH": path, "HOME": str(tmp_path / "home"), "PERENNIAL_TENANTS_PORT": "0"}


@pytest.fixture
def run(program: Path, environment: dict[str, str], tmp_path: Path) -> Run:
    def run(*args: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *args],
            cwd=tmp_path,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=LONGEST,
            stdin=subprocess.DEVNULL,
        )

    return run


def test_it_calls_itself_by_the_name_it_was_called_by(run: Run) -> None:
    assert run("--help").stdout.startswith("Usage: perennial [OPTIONS] COMMAND")
    assert run("quantity").stderr.endswith("See: perennial quantity --help\n")


def test_it_brings_the_text_of_the_rules(run: Run) -> None:
    assert "The customer's segment must be" in run("explain", "ELG-8").stdout


def test_the_wheel_brings_no_tests_and_no_scripts(program: Path) -> None:
    (packages,) = (program.parents[1] / "lib").glob("python*/site-packages")
    names = {path.name for path in packages.iterdir() if path.suffix not in {".pth", ".dist-info"}}
    assert names == {"domain", "statemachines", "activities", "workflows", "perennial", "hosting", "cli"}


def test_a_scenario_that_comes_with_it(run: Run, program: Path) -> None:
    (scenarios,) = (program.parents[1] / "lib").glob("python*/site-packages/cli/scenarios")
    result = run("scenario", "run", str(scenarios / "lives" / "trial-of-thirty-days.yaml"), "--json")
    assert json.loads(result.stdout)[0]["state"] == "active", result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_installed_for(shell: str, run: Run, tmp_path: Path) -> None:
    # Typer asks the process tree which shell it is; told not to, it takes the shell's name.
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    shown = run("--show-completion", shell, **named)
    assert "_PERENNIAL_COMPLETE=complete_" in shown.stdout, shown.stderr
    installed = run("--install-completion", shell, **named)
    assert f"{shell} completion installed in {tmp_path / 'home'}" in installed.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("ca", ["catalog", "cart", "cancel"]),
        ("cart re", ["remove", "review"]),
        ("--install", ["--install-completion"]),
        ("list --sta", ["--state"]),
    ],
)
def test_completion_offers(typed: str, offered: list[str], run: Run) -> None:
    words = f"perennial {typed}"
    variables = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    result = run(_PERENNIAL_COMPLETE="complete_bash", **variables)
    assert result.stdout.split() == offered, result.stderr


@contextmanager
def working(program: Path, directory: Path, environment: dict[str, str]) -> Iterator[str]:
    """`perennial worker --dev`; the address of its server."""
    with subprocess.Popen(
        [program, *DEV], cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            said = ""
            while "Worker on task queue" not in said:
                line = process.stdout.readline()
                assert line, process.communicate()
                said += line
            yield said.split()[2]
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


@pytest.mark.live
def test_the_sample_catalog_is_sold_from_any_directory(
    program: Path, environment: dict[str, str], run: Run, tmp_path: Path
) -> None:
    with working(program, tmp_path, environment) as address:
        empty = run("catalog", "list", TEMPORAL_ADDRESS=address).stdout
        sample = empty.split("catalog import ")[1].strip()
        imported = run("catalog", "import", sample, TEMPORAL_ADDRESS=address)
        assert imported.returncode == 0, imported.stderr
        offers = json.loads(run("catalog", "list", "--json", TEMPORAL_ADDRESS=address).stdout)
    assert (tmp_path / "home" / ".local" / "share" / "perennial" / "perennial.db").exists()
    assert os.listdir(tmp_path) == ["home"], "nothing is left in the current directory"
    assert offers


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.timeout(LONGEST + 60)
def test_the_demo(run: Run) -> None:
    result = run("demo")
    assert result.returncode == 0, result.stderr
    assert ": all as forecast. (" in result.stdout.splitlines()[-1]
