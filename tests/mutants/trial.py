"""Tries a careless change on a copy of the project: does a test notice it?"""

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.changes import Careless
from tests.support.paths import ROOT

PATIENCE = 300
"""Seconds that the tests of one change may take. Tests that never end have noticed it too."""


@dataclass(frozen=True)
class Verdict:
    """What became of a change. `by` is the first test that failed."""

    noticed: bool
    by: str
    seconds: float


def copy_of_the_project(to: Path) -> Path:
    """The files that belong to the project, and the environment that they run in."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    return to


def changed(text: str, change: Careless) -> str:
    """The file's text with the change. Raises ValueError unless it has exactly one place for it."""
    if (found := text.count(change.old)) != 1:
        raise ValueError(f"{change.path} has {found} places for `{change.name}`: write the change anew.")
    return text.replace(change.old, change.new)


def attempt(change: Careless, copy: Path) -> Verdict:
    """Make the change in the copy, run the tests that must notice it, and take it back."""
    path = copy / change.path
    before = path.read_text()
    path.write_text(changed(before, change))
    start = time.monotonic()
    tests = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *change.noticed_by.split()]
    try:
        done = subprocess.run(tests, cwd=copy, capture_output=True, text=True, timeout=PATIENCE, check=False)
        failed = [line.removeprefix("FAILED ") for line in done.stdout.splitlines() if line.startswith("FAILED ")]
        broken = [line for line in done.stdout.splitlines() if line.startswith("ERROR ")]
        by = failed[0].partition(" - ")[0] if failed else (broken or ["no test"])[0]
        return Verdict(done.returncode == 1 and bool(failed), by, time.monotonic() - start)
    except subprocess.TimeoutExpired:
        return Verdict(noticed=True, by="tests that did not end", seconds=time.monotonic() - start)
    finally:
        path.write_text(before)
