"""`make mutants`: every careless change must be noticed by a test of CI. Exit code 1 if one is not."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.mutants.changes import CARELESS
from tests.mutants.trial import attempt, copy_of_the_project


def main() -> int:
    """Try every change, and print a line for each."""
    missed = 0
    with tempfile.TemporaryDirectory() as directory:
        copy = copy_of_the_project(Path(directory))
        for number, change in enumerate(CARELESS, start=1):
            verdict = attempt(change, copy)
            missed += not verdict.noticed
            word = "noticed" if verdict.noticed else "MISSED "
            sys.stdout.write(f"{number:2}/{len(CARELESS)} {word} {verdict.seconds:5.1f} s  {change.name}\n")
            sys.stdout.write(f"{'':8}{verdict.by}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(CARELESS) - missed} of {len(CARELESS)} careless changes noticed, {missed} missed\n")
    return int(missed > 0)


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__).parse_args()
    sys.exit(main())
