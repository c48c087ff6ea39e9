"""Commands to a subscription as they are typed behind the program's name, without the subscription: read, not sent."""

import inspect
import shlex
from collections.abc import Callable
from contextvars import copy_context

import typer
from typer.exceptions import TyperException

from cli.failure import Failure, Misused
from cli.group import LoadedCommand, complaint
from cli.options import with_options
from cli.start import program
from cli.subscription import changes, usage
from domain.faults import shown
from domain.subscription.commands import Command

_ASKED: dict[str, Callable[..., None]] = {
    "quantity": changes.change_quantity,
    "add-on": changes.set_add_on,
    "undo-changes": changes.undo_scheduled_changes,
    "auto-renew": changes.set_auto_renew,
    "suspend": changes.suspend,
    "reactivate": changes.reactivate,
    "cancel": changes.cancel,
    "activate": changes.activate,
    "reject-quantity": changes.reject_quantity,
    "deprovision": changes.deprovision,
    "usage report": usage.report,
}
_OF_SENDING = frozenset(
    {"--json", "--address", "--no-wait", "--timeout", "--command-id", "--dry-run", "--yes", "-y", "--help"}
)
"""Options that say how a command is sent and what is printed."""


def read(words: str) -> Command:
    """The command, such as `cancel --reason fraud --by service`. Raises Misused with one line."""
    try:
        parts = shlex.split(words)
    except ValueError as error:
        raise Misused(f"got {shown(words)}; takes a command as it is typed ({error})") from None
    name = next((known for known in _ASKED if parts[: known.count(" ") + 1] == known.split()), None)
    if name is None:
        raise Misused(f"got {shown(words)}; takes a command to a subscription, without its id: {', '.join(_ASKED)}")
    arguments = parts[name.count(" ") + 1 :]
    if foreign := next((part for part in arguments if part.partition("=")[0] in _OF_SENDING), None):
        raise Misused(f"{name}: got {shown(foreign)}; takes no such option, because nothing is sent")
    holder = typer.Typer(add_completion=False, rich_markup_mode=None)
    holder.command(name, cls=LoadedCommand)(with_options(inspect.unwrap(_ASKED[name])))
    parser = typer.main.get_command(holder)
    try:
        # Reading remembers what was typed, which is not the program's own line here.
        found = copy_context().run(lambda: parser.main(arguments, name, standalone_mode=False))
    except TyperException as error:
        raise Misused(f"{name}: {complaint(error)} See: {program()} {name} --help") from None
    except Failure as failure:
        raise Misused(*(f"{name}: {line}" for line in failure.lines)) from None
    assert isinstance(found, Command)
    return found
