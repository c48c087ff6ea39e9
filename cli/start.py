"""Start the program. Nothing slow is imported here: Ctrl-C has to work from the first moment on."""

import gc
import os
import signal
import sys
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import NoReturn

INSTALLED = "perennial"
"""The program's name if it is installed."""
SCRIPTS = frozenset({"starter.py", "worker.py"})
"""The scripts at the top of a checkout."""
TYPED = ContextVar("typed", default="")
"""The command line as it was typed, from the program's name on."""
INTERRUPTED = 130
"""The exit code after Ctrl-C."""


def program(script: str = "starter.py") -> str:
    """What a person types to call the program, or in a checkout that script of it, by the path that was typed."""
    called = Path(sys.argv[0])
    if called.stem == INSTALLED:
        return INSTALLED
    return f"python {called.with_name(script) if called.name in SCRIPTS else script}"


def typed() -> str:
    """The command line as it was typed, to be typed again."""
    return TYPED.get().rstrip()


def leave(_number: int, _frame: FrameType | None) -> NoReturn:
    """End the process at once: an exception can be lost inside an import, and nothing has begun yet."""
    os._exit(INTERRUPTED)


def main(command: str | None = None) -> None:
    """Run the program, or the one command of it that is named, with the process's arguments; then exit."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)
    # An eighth of a worker's start would go to looking for garbage among what is imported; see LoadedCommand.
    gc.disable()
    import_module("cli.app").command_line(command).main(prog_name=program(Path(sys.argv[0]).name))
