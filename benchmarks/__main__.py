"""Every figure of Perennial beside the bare engine's, in one table: `python -m benchmarks [--only a,c] [--quick]`.

Server and workers are processes of their own; both sides take turns on one server. The figures are medians of the
turns, with the smallest and the largest. Progress goes to stderr. A group of its own takes its letter or its name:
`make bench BENCH="--only renewals,memory --quick"`.
"""

import argparse
import asyncio
import importlib
import json
import sys
import time
from datetime import UTC, datetime
from types import ModuleType

from benchmarks import machine
from benchmarks.report import Figure, NotMeasured, notes, table
from benchmarks.scene import Bench

GROUPS = (
    ("a", "renewals"),
    ("b", "starts"),
    ("c", "commands"),
    ("d", "history"),
    ("e", "memory"),
    ("f", "storm"),
    ("g", "simulator"),
    ("g", "lists"),
    ("h", "growth"),
    ("i", "records"),
    ("j", "killed"),
)
FAILED = "failed: "
LONG = {"growth"}
"""Not in a quick run, unless it is asked for."""


def chosen(only: str | None, *, quick: bool) -> list[str]:
    """The names of the groups that are asked for. Raises ValueError for one that does not exist."""
    if only is None:
        return [name for _, name in GROUPS if not (quick and name in LONG)]
    asked = only.split(",")
    known = {word for group in GROUPS for word in group}
    if unknown := [word for word in asked if word not in known]:
        takes = ", ".join(f"{letter} ({name})" for letter, name in GROUPS)
        raise ValueError(f"--only: got {unknown[0]!r}; takes groups, separated by commas, by letter or name: {takes}.")
    return [name for letter, name in GROUPS if name in asked or letter in asked]


async def measured(group: ModuleType, bench: Bench) -> list[Figure]:
    """The group's figures; one line where the machine lacks what it needs, or where it failed."""
    began = time.perf_counter()
    try:
        figures: list[Figure] = await group.measure(bench)
    except NotMeasured as error:
        return [Figure(group.GROUP, group.TITLE, "", why=f"not measured: {_in_one_line(error)}")]
    except Exception as error:  # noqa: BLE001 - the other groups are measured all the same
        return [Figure(group.GROUP, group.TITLE, "", why=f"{FAILED}{_in_one_line(error)}")]
    bench.say(f"{group.TITLE}: {time.perf_counter() - began:.0f} s")
    return figures


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def main() -> int:
    """Measure what is asked for, and print it. Exit code 1 if a group failed, 2 for a wrong option."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", help="groups, separated by commas, by letter or name")
    parser.add_argument("--quick", action="store_true", help="few lives and turns: within five minutes")
    parser.add_argument("--unsandboxed", action="store_true", help="run the bare engine without the SDK's sandbox too")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    given = parser.parse_args()
    try:
        names = chosen(given.only, quick=given.quick)
    except ValueError as error:
        parser.error(str(error))
    bench, figures = Bench(given.quick, "unsandboxed" if given.unsandboxed else "sandboxed"), []
    began = {"bare engine": bench.runner, "began": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"}
    about = {**machine.about(), **began, "load at first": machine.load()}
    for name in names:
        group = importlib.import_module(f"benchmarks.groups.{name}")
        figures += asyncio.run(measured(group, bench))
    about["load at last"] = machine.load()
    if given.json:
        document = {"machine": about, "quick": given.quick, "figures": [figure.document() for figure in figures]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        heading = "".join(f"{name:<17} {value}\n" for name, value in about.items())
        sys.stdout.write(f"{heading}\n{table(figures)}\n{notes(figures)}")
    return 1 if any(figure.why.startswith(FAILED) for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
