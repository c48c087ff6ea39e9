"""Where things are printed: answers on stdout, progress and faults on stderr, colours only for a terminal."""

import json
import os
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console

PIPED_WIDTH = 100


def console(*, stderr: bool = False) -> Console:
    """A console whose width does not depend on who reads it: 100 columns when it is no terminal."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPED_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def print_json(document: Any) -> None:
    """The one document of `--json`."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def complain(lines: Iterable[str]) -> None:
    """One line each, on stderr."""
    from cli.printable import printable

    sys.stderr.writelines(f"{printable(line)}\n" for line in lines)
    sys.stderr.flush()
