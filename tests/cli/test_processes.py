"""The program as people start it: its help, its pipes, its exit codes, and no traceback ever."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from cli.app import command_line
from tests.support.command_line import COMMANDS, GROUPS, Program, Starter
from tests.support.paths import ROOT
from tests.support.terminal import at_a_terminal

LIFE = ROOT / "scenarios" / "lives" / "trial-of-thirty-days.yaml"
NOWHERE = "127.0.0.1:1"


def test_help_names_every_command(program: Program) -> None:
    result = program("--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert all(f"  {name} " in result.stdout for name in [*(name for name in COMMANDS if " " not in name), *GROUPS])
    assert "..." not in result.stdout.replace("[ARGS]...", ""), "each command in a line that is not cut"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(starter: Starter, name: str) -> None:
    result = starter(*name.split(), "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Usage: python starter.py {name} ")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_an_example_that_can_be_typed(starter: Starter, name: str) -> None:
    (example,) = re.findall(r"^  Example: (.+)$", starter(*name.split(), "--help").stdout, re.MULTILINE)
    typed = shlex.split(example.partition(" <")[0])
    words = name.split()
    assert typed[: len(words)] == words
    command = command_line()
    for word in words:
        command = command.get_command(None, word)
    command.make_context(name, typed[len(words) :])


def test_help_imports_no_command() -> None:
    """Of the program, then of each group."""
    code = """
import sys
from cli.app import app
for noun in sys.argv[1:]:
    try:
        app([*noun.split(), "--help"])
    except SystemExit as left:
        assert left.code == 0, noun
    print(noun, "imports", *sorted(name for name in sys.modules if name.partition(".")[0] in
        {"domain", "activities", "workflows", "hosting", "temporalio", "sqlalchemy", "rich", "yaml"}))
"""
    result = subprocess.run([sys.executable, "-c", code, "", *GROUPS], capture_output=True, text=True, cwd=ROOT)
    assert (result.returncode, result.stderr) == (0, "")
    assert re.findall("^(.*) imports(.*)$", result.stdout, re.MULTILINE) == [(noun, "") for noun in ("", *GROUPS)]


def test_the_list_of_commands_has_the_first_lines_of_their_docstrings(starter: Starter) -> None:
    listed = " ".join(" ".join(starter(*noun, "--help").stdout.split()) for noun in [(), *((noun,) for noun in GROUPS)])
    for name, place in COMMANDS.items():
        module, _, function = place.partition(":")
        docstring = getattr(import_module(module), function).__doc__
        about = docstring.splitlines()[0].removesuffix(".")
        assert f" {name.split()[-1]} {about}" in listed


@pytest.fixture
def alone(starter: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Starter:
    """The command line in this process, without books and servers, whatever the shell that runs the tests has set."""
    for name in [name for name in os.environ if name.startswith(("PERENNIAL_", "TEMPORAL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PERENNIAL_DATA_DIR", str(tmp_path / "var"))
    return starter


@pytest.mark.parametrize(
    "line",
    [
        "list",
        "show crm-1",
        "timeline crm-1",
        "quantity crm-1 5",
        "cancel crm-1 --reason fraud --yes",
        "buy crm --customer c",
    ],
)
def test_no_server_to_connect_to(alone: Starter, line: str) -> None:
    result = alone(*line.split(), "--address", NOWHERE)
    assert (result.exit_code, result.stdout) == (1, "")
    assert_no_server(result.stderr)


def assert_no_server(said: str) -> None:
    assert said.startswith(f"No Temporal server can be reached at '{NOWHERE}'")
    assert "make dev" in said
    assert said.count("\n") == 1


def test_what_is_not_there_is_said_by_the_program_itself(program: Program) -> None:
    result = program("list", "--address", NOWHERE)
    assert (result.returncode, result.stdout) == (1, "")
    assert_no_server(result.stderr)
    result = program("events", "crm-1")
    assert (result.returncode, result.stdout) == (1, "")
    assert "There is no database at" in result.stderr


@pytest.mark.parametrize(
    "line",
    [
        "events crm-1",
        "ledger crm-1",
        "access crm-1",
        "list --state deleted",
        "cart add crm --customer c",
        "cart review --customer c",
        "cart buy --customer c",
        "order list",
        "setup-link crm-1",
        "resolve 0123",
    ],
)
def test_no_books_yet_and_none_are_made(alone: Starter, line: str, tmp_path: Path) -> None:
    result = alone(*line.split())
    assert (result.exit_code, result.stdout) == (1, "")
    assert "There is no database at" in result.stderr
    assert "start a worker" in result.stderr
    assert not (tmp_path / "var").exists()


def test_a_setting_that_cannot_be_used(program: Program) -> None:
    result = program("events", "crm-1", PERENNIAL_PERIODS_PER_RUN="many")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("PERENNIAL_PERIODS_PER_RUN: got 'many'; takes")
    assert result.stderr.count("\n") == 1


def test_a_hint_can_be_pasted_where_it_is_read(tmp_path: Path) -> None:
    script = ROOT / "starter.py"
    result = subprocess.run([sys.executable, script, "shwo"], capture_output=True, text=True, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"No such command 'shwo'. Did you mean 'show'? See: python {script} --help\n"


def test_json_is_the_only_thing_on_stdout(program: Program) -> None:
    result = program("scenario", "run", "--json", LIFE, FORCE_COLOR="1")
    assert result.returncode == 0
    assert json.loads(result.stdout)[0]["state"] == "active"


def test_a_pipe_that_is_closed_early() -> None:
    shell = f"{sys.executable} starter.py scenario run {ROOT}/scenarios/lives/*.yaml | head -1"
    result = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.count("\n") == 1
    assert "Traceback" not in result.stderr


def test_a_terminal_that_knows_ascii_only(program: Program) -> None:
    result = program("scenario", "run", LIFE, PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")
    assert "2027-07-10 -> 2027-08-10" in result.stdout


def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    # A shell that runs tests in the background has its children ignore Ctrl-C.
    heeding = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = subprocess.Popen(
        [sys.executable, "-c", f"{heeding}; runpy.run_path('starter.py', run_name='__main__')", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)},
    )
    assert program.stderr is not None
    up = program.stderr.readline()
    program.send_signal(signal.SIGINT)
    _, said = program.communicate(timeout=30)
    assert "a Temporal server and a worker" in up
    assert said.endswith("nothing of the demo is left. To begin it again: python starter.py demo\nStopped.\n")
    assert "Traceback" not in said
    assert program.returncode == 130
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_that_is_not_utf_8_gets_simpler_characters(program: Program) -> None:
    result = program("explain", "TRI-1", PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")
    assert "t + trial_days x 24 h)" in result.stdout


@pytest.mark.parametrize(
    ("environment", "codes"),
    [({}, r"\x1b\[1m"), ({"NO_COLOR": "1"}, r"\x1b\[[0-9;]*3[0-9]m"), ({"TERM": "dumb"}, r"\x1b\[")],
    ids=["bold", "no colour", "nothing"],
)
def test_a_terminal_gets_what_it_wants(environment: dict[str, str], codes: str) -> None:
    with at_a_terminal("explain", "TRI-1", env=environment) as terminal:
        terminal.wait_for("trial_started")
        assert bool(re.search(codes, terminal.raw)) == (not environment)


def test_no_control_sequence_in_a_pipe(program: Program) -> None:
    result = program("scenario", "run", LIFE, TERM="xterm-256color", COLORTERM="truecolor")
    assert result.returncode == 0
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1"])
def test_a_locale_that_is_not_utf_8(program: Program, locale: str) -> None:
    result = program("scenario", "run", LIFE, LC_ALL=locale, LANG=locale, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (result.returncode, result.stderr) == (0, "")
    assert "2027-07-10 -> 2027-08-10" in result.stdout
