"""How every command ends: with its exit code and, where it failed, with one clear line."""

import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from cli.failure import ExitCode, Failure
from cli.printing.screen import complain

TRACEBACK = "PERENNIAL_TRACEBACK"


class OneLineGroup(TyperGroup):
    """The program's commands. Whatever goes wrong in one is told in one line; no traceback is shown."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command that the arguments name, and exit."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode, windows_expand_args, **extra)
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except Failure as failure:
            complain(failure.lines)
            code = failure.code
        except typer.Abort:
            complain(["Nothing was done."])
            code = ExitCode.FAILED
        except TyperException as error:
            code = _misused(error)
        except Exception as error:
            if os.environ.get(TRACEBACK):
                raise
            complain([f"A fault of Perennial itself: {type(error).__name__}: {error}. {TRACEBACK}=1 shows where."])
            code = ExitCode.FAILED
        if code == ExitCode.INTERRUPTED:
            complain(["Stopped."])
        sys.exit(int(code or 0))


def _misused(error: TyperException) -> int:
    """The parser's complaint as one line, with where to read on."""
    context = getattr(error, "ctx", None)
    parameter = getattr(error, "param", None)
    message = " ".join(error.format_message().split())
    if context and message == " ".join(context.get_help().split()):  # typed without arguments
        sys.stdout.write(f"{error.format_message()}\n")
        return error.exit_code
    if (got := message.removeprefix("No such option: ")).startswith("-") and got[1:2].isdigit():
        message = f"Got {got!r} where it takes 0 or more, or an option"
    elif parameter and error.message:
        name = parameter.opts[-1] if parameter.param_type_name == "option" else parameter.metavar
        message = f"{name}: {error.message}"
    help_at = context.command_path if context else "starter.py"
    stop = "" if message.endswith((".", "?")) else "."
    complain([f"{message}{stop} See: {help_at} --help"])
    return error.exit_code
