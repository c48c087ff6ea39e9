"""How a command fails: one clear line on stderr and an exit code. Users never see a traceback."""

import sys
from collections.abc import Iterable
from enum import IntEnum

from cli.start import INTERRUPTED


class ExitCode(IntEnum):
    """What the process tells its caller."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    INTERRUPTED = INTERRUPTED


class Failure(Exception):
    """Ends the command with these lines and that exit code."""

    def __init__(self, *lines: str, code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(" ".join(lines))
        self.lines = lines
        self.code = code


class Misused(Failure):
    """The command was typed wrongly: nothing was sent."""

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines, code=ExitCode.USAGE)


def printable(text: str) -> str:
    """The text on one line that cannot move the cursor, colour the terminal or turn the reading direction."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def complain(lines: Iterable[str]) -> None:
    """Write each line on stderr."""
    sys.stderr.writelines(f"{printable(line)}\n" for line in lines)
    sys.stderr.flush()
