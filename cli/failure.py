"""How a command ends badly: one clear line on stderr, and an exit code. A traceback never reaches a user."""

from collections.abc import Sequence
from enum import IntEnum

from domain.faults import Fault


class ExitCode(IntEnum):
    """What the process tells its caller."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    INTERRUPTED = 130


class Failure(Exception):
    """Ends the command with these lines and that exit code."""

    def __init__(self, *lines: str, code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(" ".join(lines))
        self.lines = lines
        self.code = code


class Misused(Failure):
    """What was typed cannot be taken: nothing was sent."""

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines, code=ExitCode.USAGE)


def misused(faults: Sequence[Fault], where: str = "") -> Misused:
    """One line a fault, each naming the field, what came and what it takes."""
    prefix = f"{where}: " if where else ""
    return Misused(*(f"{prefix}{fault}" for fault in faults))


def typed_wrong(option: str, got: object, takes: str) -> Misused:
    """The fault of one option or argument."""
    return misused([Fault(path=(option,), got=got, takes=takes)])
