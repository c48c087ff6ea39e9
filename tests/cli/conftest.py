import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.app import app

ROOT = Path(__file__).parents[2]
Starter = Callable[..., Result]
Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def starter() -> Starter:
    """The command line inside this process."""

    def invoke(*args: str | Path, typed: str | None = None) -> Result:
        return CliRunner().invoke(app, [str(arg) for arg in args], input=typed, prog_name="starter.py")

    return invoke


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The command line as a process of its own, away from anybody's data and server."""

    def run(*args: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "starter.py"), *map(str, args)],
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "PERENNIAL_DATA_DIR": str(tmp_path / "var"), **environment},
        )

    return run
