"""The machine that is measured on, and what its system says that a process has used."""

import math
import os
import platform
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

from hosting.embedded.command import executable

ROOT = Path(__file__).parents[1]
PROC = Path("/proc")
NO_ACCOUNTING = "this machine has no /proc, so CPU and memory of the processes are not measured"


def cpu_seconds(pid: int) -> float:
    """The CPU time of all threads of the process, in user and system mode; NaN where the machine does not say it."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return math.nan
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_kb(pid: int) -> float:
    """The memory that the process holds, in KiB; NaN where the machine does not say it."""
    try:
        pages = int((PROC / str(pid) / "statm").read_text().split()[1])
    except OSError:
        return math.nan
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def load() -> str:
    """The load averages of 1, 5 and 15 minutes."""
    return " ".join(f"{average:.1f}" for average in os.getloadavg())


def child_environment() -> dict[str, str]:
    """For the processes that are measured: without settings of this shell, and with compiled modules kept."""
    ours = ("PERENNIAL_", "TEMPORAL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # Otherwise the sandbox compiles every module that it imports again, for every workflow.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept


def about() -> dict[str, str]:
    """The machine and the versions, to be printed with the figures."""
    return {
        "commit": _said("git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"),
        "processor": f"{_processor()}, {os.cpu_count()} cores, {_memory()}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "temporalio": version("temporalio"),
        "server": _said(str(executable()), "--version"),
        "sqlite": sqlite3.sqlite_version,
        "compiled modules": "kept (PYTHONDONTWRITEBYTECODE is unset for the workers)",
        "accounting": str(PROC) if (PROC / "self" / "stat").exists() else NO_ACCOUNTING,
    }


def _processor() -> str:
    try:
        lines = (PROC / "cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
