"""Groups of commands that import a command's module when it is called: so help and completion are quick."""

import gc
import os
import re
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from cli.encoding import SIMPLER
from cli.failure import ExitCode, Failure, complain
from cli.local_time import with_local_time
from cli.start import TYPED, leave

TRACEBACK = "PERENNIAL_TRACEBACK"


class Group(NamedTuple):
    """A noun's commands: what the help says about them, and each one's `module:function` by its name."""

    about: str
    commands: Mapping[str, str]


Sections = Mapping[str, Mapping[str, str | Group]]
"""The commands and groups by name, under the headings that the help shows them with."""


class Completion(NamedTuple):
    """What a shell is offered for a word that is being typed."""

    value: str
    help: str
    type: str = "plain"


WHOSE_IDS: Mapping[str, tuple[str, ...]] = {
    **{noun: (noun,) for noun in ("bulk", "customer", "invoice", "offer", "order", "subscription")},
    "subscriptions": ("subscription",),
    "subject": ("subscription", "customer"),
    "subjects": ("subscription", "customer", "bulk"),
}
"""The nouns whose ids an argument or option of that name takes."""


WITHOUT_INSTANTS = frozenset({"cli.operations.config", "cli.operations.explain"})


class OneLine:
    """A command that ends with its exit code and, where it fails, with one clear line instead of a traceback."""

    def main(self, *args: Any, standalone_mode: bool = True, **named: Any) -> Any:
        """Run the command that the arguments name, and exit."""
        run = super().main  # type: ignore[misc]  # of Typer's class, which stands behind this one
        if not standalone_mode:
            return run(*args, standalone_mode=False, **named)
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors=SIMPLER)
        try:
            code = run(*args, standalone_mode=False, **named)
        except Failure as failure:
            complain(failure.lines)
            code = failure.code
        except typer.Abort:
            complain(["Nothing was done."])
            code = ExitCode.FAILED
        except TyperException as error:
            code = _report_misuse(error)
        except Exception as error:
            if os.environ.get(TRACEBACK):
                raise
            complain([f"Perennial itself failed: {type(error).__name__}: {error}. {TRACEBACK}=1 shows where."])
            code = ExitCode.FAILED
        if code == ExitCode.INTERRUPTED:
            complain(["Stopped."])
        sys.exit(int(code or 0))


class LoadedCommand(OneLine, TyperCommand):
    """A command whose module is imported."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read the arguments, and remember them as they were typed."""
        typed = shlex.join(args)
        context = super().make_context(info_name, args, parent, **extra)
        TYPED.set(f"{context.command_path} {typed}")
        return context

    def invoke(self, ctx: Any) -> Any:
        """Run it; from now on Ctrl-C is an exception, so that what the command opens is closed."""
        if signal.getsignal(signal.SIGINT) is leave:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        gc.freeze()
        gc.enable()
        return super().invoke(ctx)


class LoadingGroup(TyperGroup):
    """A group that knows its commands by name and imports a command's module only to run that command."""

    sections: Sections = {}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        found = self._known().get(cmd_name)
        if found is None:
            return None
        if isinstance(found, Group):
            group = LoadingGroup(name=cmd_name, help=found.about, no_args_is_help=True, rich_markup_mode=None)
            group.sections = {"Commands": found.commands}
            return group
        module, _, function = found.partition(":")
        holder = typer.Typer(add_completion=False, rich_markup_mode=None)
        command = getattr(import_module(module), function)
        # What prints for programs too prints instants, but for these.
        prints = "as_json" in signature(command).parameters and module not in WITHOUT_INSTANTS
        holder.command(cmd_name, cls=LoadedCommand)(with_local_time(command) if prints else command)
        loaded: Any = typer.main.get_command(holder)
        for parameter in loaded.params:
            if nouns := WHOSE_IDS.get(_typed_name(parameter)):
                parameter.shell_complete = partial(_offered, nouns)
        return loaded

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self._known())

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each section's commands, each with the first line of its help."""
        widest = max(map(len, self._known()))
        for heading, commands in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl([(f"{name:<{widest}}", _about(found)) for name, found in commands.items()])

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """The commands and options that begin with what is typed."""
        names = [name for name in self._known() if name.startswith(incomplete)]
        # Typer's own would import every one of them for its help.
        options = super(TyperGroup, self).shell_complete(ctx, incomplete)
        return [*(Completion(name, _about(self._known()[name])) for name in names), *options]

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that the first argument names. A usage error suggests the nearest one."""
        command = self.get_command(ctx, args[0])
        if command is None and not ctx.resilient_parsing and not args[0].startswith("-"):
            near = self._nearest(args[0])
            ctx.fail(f"No such command {args[0]!r}.{f' Did you mean {near!r}?' if near else ''}")
        return super().resolve_command(ctx, args)

    def _known(self) -> dict[str, str | Group]:
        return {name: found for commands in self.sections.values() for name, found in commands.items()}

    def _nearest(self, typed: str) -> str | None:
        """The command most like the one typed, in this group or in a group of it."""
        known = self._known()
        names = {
            name: f"{noun} {name}" for noun, found in known.items() if isinstance(found, Group) for name in found[1]
        }
        names |= {name: name for name in known}
        near = get_close_matches(typed.lower(), names, n=1)
        return names[near[0]] if near else None


def _typed_name(parameter: Any) -> str:
    """An option's name as it is typed; an argument's own."""
    return str(parameter.name if parameter.param_type_name == "argument" else parameter.opts[0].lstrip("-"))


def _offered(nouns: Sequence[str], _context: Any, incomplete: str) -> list[Completion]:
    """The ids of these nouns that begin with what is typed."""
    offered_ids = import_module("hosting.completion").offered_ids
    return [Completion(each, "") for each in offered_ids(nouns, incomplete)]


def _about(found: str | Group) -> str:
    """The first line of its help, which for a command is read from its source: importing it would be slow."""
    if isinstance(found, Group):
        return found.about
    module, _, function = found.partition(":")
    spec = find_spec(module)
    source = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
    docstring = re.search(rf'^def {function}\(.*?^    """(.*?)\.?(?:"""|$)', source, re.DOTALL | re.MULTILINE)
    return docstring[1] if docstring else ""


def _report_misuse(error: TyperException) -> int:
    """Print the parser's complaint as one line that says where to read on; the exit code."""
    context = getattr(error, "ctx", None)
    message = " ".join(error.format_message().split())
    if context and message == " ".join(context.get_help().split()):  # typed without arguments
        sys.stdout.write(f"{error.format_message()}\n")
        return error.exit_code
    complain([f"{complaint(error)}{f' See: {context.command_path} --help' if context else ''}"])
    return error.exit_code


def complaint(error: TyperException) -> str:
    """The parser's complaint as one sentence: what is wrong, and with which option or argument."""
    parameter = getattr(error, "param", None)
    message = " ".join(error.format_message().split())
    if (got := message.removeprefix("No such option: ")).startswith("-") and got[1:2].isdigit():
        message = f"Got {got!r} where it takes 0 or more, or an option"
    elif parameter and error.message:
        name = parameter.opts[-1] if parameter.param_type_name == "option" else parameter.metavar
        message = f"{name}: {error.message}"
    return message if message.endswith((".", "?")) else f"{message}."
