"""What may run inside a workflow cannot read a clock, make up ids or read settings: the linter says so.

The sandbox does not guard our modules (they are passed through it), so this is their only guard.
"""

import subprocess
import sys

import pytest

from tests.support.paths import ROOT

# One reading a line, so that a line number says which one was refused.
IMPURE = """\
import os, time, uuid, datetime
import random
datetime.datetime.now(datetime.UTC)
datetime.datetime.utcnow()
datetime.datetime.today()
datetime.date.today()
time.time()
uuid.uuid4()
os.environ["HOME"]
os.getenv("HOME")
"""


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
    assert refused_lines(f"{folder}/x.py") == list(range(2, 11))


@pytest.mark.parametrize(
    "path",
    ["activities/adapters/x.py", "hosting/x.py", "cli/x.py", "tests/x.py", "examples/x.py"],
)
def test_allowed_at_the_edge(path: str) -> None:
    assert refused_lines(path) == []
