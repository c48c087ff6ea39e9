"""What may run inside a workflow cannot read a clock, make up ids or read settings: the linters say so.

Workflows run without a sandbox, so this is their only guard (ADR 0023).
"""

import ast
import subprocess
import sys

import pytest

from tests.support.paths import ROOT
from tests.support.project import sources

# One reading a line, so that a line number says which one was refused.
IMPURE = """\
import asyncio, os, time, uuid, datetime
import random
datetime.datetime.now(datetime.UTC)
datetime.datetime.utcnow()
datetime.datetime.today()
datetime.date.today()
time.time()
uuid.uuid4()
os.environ["HOME"]
os.getenv("HOME")
asyncio.to_thread(print)
"""

SHUT = {"open", "input", "breakpoint", "exec", "eval"}
"""Builtins that no linter bans: they reach the world, or hide from the linters what does."""


def refused_lines(path: str) -> list[int]:
    """What the linter refuses at this place, by the rule that per-folder exceptions can lift."""
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=concise"]
    ran = subprocess.run(
        [*command, "--select=TID251", f"--stdin-filename={path}", "-"],
        input=IMPURE,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ran.returncode in (0, 1), ran.stderr
    return [int(line.split(":")[1]) for line in ran.stdout.splitlines() if "TID251" in line]


@pytest.mark.parametrize("folder", ["domain", "statemachines", "workflows", "activities"])
def test_refused_where_a_replay_must_see_the_same(folder: str) -> None:
    assert refused_lines(f"{folder}/x.py") == list(range(2, 12))


@pytest.mark.parametrize(
    "path",
    ["activities/adapters/x.py", "hosting/x.py", "cli/x.py", "tests/x.py", "examples/x.py"],
)
def test_allowed_at_the_edge(path: str) -> None:
    assert refused_lines(path) == []


def builtins_called(source: str) -> set[str]:
    """Those that are not for what runs inside a workflow."""
    calls = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return {name.id for name in calls if isinstance(name, ast.Name)} & SHUT


def test_no_builtin_reaches_the_world() -> None:
    assert builtins_called("x = [open('books')]\neval('1')") == {"open", "eval"}
    found = {path: builtins_called(path.read_text()) for path in sources("domain", "statemachines", "workflows")}
    assert not {path: names for path, names in found.items() if names}
