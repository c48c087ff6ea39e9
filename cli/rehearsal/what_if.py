"""`what-if`: try commands on a copy of a subscription, and see what differs from doing nothing."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from typer import Argument, Option

from cli.failure import Failure, Misused
from cli.options import Reading, SubscriptionId, an_instant, misused, with_options
from cli.printing.screen import counted, print_json
from cli.rehearsal import typed
from cli.rehearsal.what_if_sheet import print_comparison
from cli.running import use
from domain.faults import Fault, MalformedFile, faults_of
from domain.subscription.commands import AnyCommand, Command
from hosting.files.yaml import read as read_yaml
from perennial.subscription.what_if import Plan, PlanRefused
from perennial.use_cases import Perennial
from statemachines.preview.comparison import Comparison
from statemachines.preview.course import Planned
from statemachines.simulation.file_commands import FileCommands

FIELD = "commands"


@with_options
def what_if(
    subscription: SubscriptionId,
    reading: Reading,
    commands: Annotated[
        list[str] | None,
        Argument(metavar="COMMAND...", help="A command in quotes, as you would type it, without the id."),
    ] = None,
    at: Annotated[
        list[datetime] | None,
        Option(parser=an_instant, metavar="INSTANT", help="When the command after it is sent.", show_default="now"),
    ] = None,
    file: Annotated[
        Path | None,
        Option(metavar="FILE", help="A YAML file with `commands`, as in a scenario file.", show_default=False),
    ] = None,
    until: Annotated[
        datetime | None,
        Option(
            parser=an_instant,
            metavar="INSTANT",
            help="Look ahead up to this instant.",
            show_default="a year after the last command",
        ),
    ] = None,
) -> None:
    """Try commands on a copy, and show what differs from doing nothing.

    Events, money, users' access and what comes next are exact, to the instant and the cent, if nobody sends another
    command and invoices are paid in time. Of usage only what is reported already is billed. Nothing is changed. The
    exit code is 1 if a command would be refused. Several: --at 2027-01-15 "quantity 5" --at 2027-03-01 "suspend ..."

    Example: what-if crm-1 --at 2027-01-15 "quantity 5"
    """
    plan = _plan(commands or [], at or [], file)
    found = use(lambda perennial: _compared(perennial, subscription, plan, until), reading.address)
    refused = sum(answer.refused for answer in found.tried.answers)
    if reading.as_json:
        print_json(found.document())
    else:
        print_comparison(found, _commands_of(plan, found))
    if refused:
        of = counted(len(found.tried.answers), "command")
        raise Failure(*([] if reading.as_json else [f"Of {of}, {refused} would be refused."]))


async def _compared(perennial: Perennial, subscription: str, plan: Plan, until: datetime | None) -> Comparison:
    try:
        return await perennial.subscriptions.what_if(subscription, plan, until)
    except PlanRefused as refused:
        raise misused([_typed(fault) for fault in refused.faults]) from None


def _typed(fault: Fault) -> Fault:
    return fault._replace(path=("--until",)) if fault.path == ("until",) else fault


def _commands_of(plan: Plan, found: Comparison) -> list[Command]:
    return [each.command for each in plan(found.now)]


def _plan(words: Sequence[str], at: Sequence[datetime], file: Path | None) -> Plan:
    """What is to be tried, as typed or from the file; what has no instant is sent now. Raises Misused."""
    if file is not None:
        if words or at:
            raise Misused("Give either commands or --file.")
        return _at_their_instants(commands_in(file), [])
    if not words:
        raise Misused('Give a command to try, such as "quantity 5", or --file.')
    if at and len(at) != len(words):
        takes = f"one before each of {counted(len(words), 'command')}, or none: then they are sent now"
        raise Misused(f"--at: got {counted(len(at), 'instant')}; takes {takes}")
    read = [_read(index, each) for index, each in enumerate(words)]
    return _at_their_instants(read, at)


def _read(index: int, words: str) -> Command:
    try:
        return typed.read(words)
    except Misused as wrong:
        raise Misused(*(f"{FIELD}[{index}]: {line}" for line in wrong.lines)) from None


def _at_their_instants(commands: Sequence[Command], at: Sequence[datetime]) -> Callable[[datetime], list[Planned]]:
    for index, command in enumerate(commands):
        if at and command.at is not None:
            raise Misused(f"{FIELD}[{index}]: got two instants, {at[index]} and {command.at}; takes one --at")
    instants: list[datetime | None] = [*at] or [command.at for command in commands]

    def plan(now: datetime) -> list[Planned]:
        return [
            Planned(now if at is None else at, command.model_copy(update={"at": None}))
            for at, command in zip(instants, commands, strict=True)
        ]

    return plan


def commands_in(file: Path) -> list[Command]:
    """The commands of the file, each with its instant. Raises Misused with every fault."""
    read = read_yaml(file)
    if read.faults:
        raise misused(read.faults, str(file))
    data: Any = read.data
    if not (isinstance(data, dict) and set(data) == {FIELD} and isinstance(data[FIELD], list) and data[FIELD]):
        takes = f"a mapping with `{FIELD}` alone: a list of commands, as in a scenario file"
        raise misused([Fault((), data, takes)], str(file))
    filled = FileCommands(data)
    faults = filled.faults
    try:
        commands: list[Command] = list(_COMMANDS.validate_json(json.dumps({FIELD: filled.filled}, default=str))[FIELD])
    except ValidationError as error:
        faults = [*faults, *faults_of(error)]
    except MalformedFile as malformed:
        faults = malformed.faults
    if faults:
        raise misused(faults, str(file))
    return commands


_COMMANDS = TypeAdapter(dict[str, tuple[AnyCommand, ...]])
