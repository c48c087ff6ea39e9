"""Explore the lifecycle breadth first: `python -m tests.explore`; `--help` lists the options.

The exit code is 1 if an invariant is broken.
"""

import argparse
import sys
import time
from pathlib import Path

from domain.policy import PACKS
from tests.explore.beginnings import beginnings
from tests.explore.exploration import Exploration, Level, explore
from tests.explore.reproduction import text

EVERY = 15
"""Seconds between two lines of progress."""


class Progress:
    """Prints a line about the running level, now and then."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, level: Level) -> None:
        if level.whole or time.monotonic() - self._last > EVERY:
            self._last = time.monotonic()
            sys.stderr.write(f"{line(level)}\n")


def line(level: Level) -> str:
    """`depth 2: 310 of 8021 states left by every command, 9,110 new states, 1,201,000 transitions, 61 s`."""
    return (
        f"depth {level.depth}: {level.looked_at:,} of {level.of:,} states left by every command, "
        f"{level.states:,} new states, {level.transitions:,} transitions, {level.seconds:,.0f} s"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.explore", description=__doc__)
    parser.add_argument("--depth", type=int, default=4, help="how many commands in a row (default: 4)")
    parser.add_argument("--minutes", type=float, default=60, help="when to stop (default: 60)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument(
        "--pack", action="append", choices=sorted(PACKS), help="a policy pack; repeat it (default: all)"
    )
    parser.add_argument("--every", type=int, default=1, help="take each so manyth kind of offer only (default: 1)")
    parser.add_argument(
        "--to", type=Path, default=Path("var/explore"), help="where violations go (default: var/explore)"
    )
    given = parser.parse_args(arguments)
    orders = beginnings(given.pack, every=given.every)
    began = time.monotonic()
    done = explore(orders, depth=given.depth, seconds=given.minutes * 60, jobs=given.jobs, report=Progress())
    sys.stdout.write(f"{len(orders)} beginnings, {time.monotonic() - began:,.0f} s on {given.jobs} processes\n")
    _print(done)
    for number, broken in enumerate(done.broken, start=1):
        given.to.mkdir(parents=True, exist_ok=True)
        path = given.to / f"violation-{number:02}.yaml"
        path.write_text(text(broken))
        asked = ", ".join(name for _, name in broken.path)
        sys.stdout.write(f"VIOLATED {broken.invariant} by {asked}: {path}\n")
    return 1 if done.broken else 0


def _print(done: Exploration) -> None:
    for level in done.levels:
        sys.stdout.write(f"{line(level)}\n")
    whole = max((level.depth for level in done.levels if level.whole), default=0)
    transitions = sum(level.transitions for level in done.levels)
    sys.stdout.write(f"whole depth {whole}, {done.states:,} states, {transitions:,} transitions\n")
    sys.stdout.write(f"{len(done.reached)} combinations of outcome, rule and state\n")
    for name, count in sorted(done.checked.items(), key=lambda checked: (len(checked[0].split()[0]), checked[0])):
        broken = sum(1 for violation in done.broken if violation.invariant == name)
        sys.stdout.write(f"{count:>12,} x invariant {name}, {broken} violated\n")


if __name__ == "__main__":
    sys.exit(main())
