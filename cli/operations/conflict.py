"""`conflict show`, `adopt` and `set-aside`: what the books know otherwise, and what to do about it (REP-1)."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ValidationError
from rich.console import Console
from rich.text import Text
from typer import Argument, Option

from cli.failure import printable
from cli.next_step import command_for
from cli.options import Reading, Timeout, a_signature, misused, some_id, with_options
from cli.printing.screen import console, print_json, say
from cli.running import use
from cli.sent import Sent
from cli.start import program
from domain.conflict import Choice, Compared, Conflict, SettleConflict
from domain.faults import faults_of
from domain.next_step import Do, NextStep
from domain.roles import DEFAULT_ACTOR, OPERATORS
from perennial.use_cases import Perennial

Subject = Annotated[str, Argument(metavar="ID", parser=some_id, help="The subscription; with --account the customer.")]
Key = Annotated[str, Argument(metavar="KEY", help="The effect, as `conflict show` names it, such as record:5.")]
GAP = 2
WIDEST_NAME = 24
DIFFERS = "! "
"""Marks a field that is not the same on both sides."""
COMMANDS = {Choice.ADOPT: "adopt", Choice.SET_ASIDE: "set-aside"}


@dataclass(frozen=True)
class OfWhom(Reading):
    """Whose conflict it is."""

    account: Annotated[bool, Option("--account", help="Of the customer's billing account.")] = False


@dataclass(frozen=True)
class Settling(OfWhom):
    """Who settles it, and why."""

    reason: Annotated[str, Option(metavar="TEXT", help="Why, for the journal; required.")] = ""
    by: Annotated[str, Option("--by", metavar="ROLE", help=f"The role you act in: {', '.join(sorted(OPERATORS))}.")] = (
        DEFAULT_ACTOR
    )
    actor: Annotated[
        str | None, Option(parser=a_signature, metavar="NAME", help="Your name, for the journal.", show_default=False)
    ] = None
    timeout: Timeout = None


@with_options
def show(subject: Subject, whose: OfWhom) -> None:
    """Show a conflict with the books: what the workflow wants to write beside what the books hold.

    Fields that differ are marked. It says which choices there are, and by which command each is made.

    Example: conflict show crm-1
    """
    found = use(
        lambda perennial: (
            perennial.conflicts.of_account(subject) if whose.account else perennial.conflicts.of_subscription(subject)
        ),
        whose.address,
    )
    if whose.as_json:
        print_json({"id": subject, "account": whose.account, "conflict": document(found) if found else None})
    elif found is None:
        say(f"No effect of {subject} is in conflict with the books.")
    else:
        print_conflict(console(), found, subject, account=whose.account)


@with_options
def adopt(subject: Subject, key: Key, settling: Settling) -> None:
    """Adopt the books' side: go on as if the effect had been carried out as they say.

    Decisions that wait behind it are undone: their senders have to send them again.

    Example: conflict adopt crm-1 record:5 --reason restored
    """
    _settle(subject, key, Choice.ADOPT, settling)


@with_options
def set_aside(subject: Subject, key: Key, settling: Settling) -> None:
    """Set the effect aside: drop it, and go on as the workflow has decided.

    Example: conflict set-aside crm-1 record:5 --reason restored
    """
    _settle(subject, key, Choice.SET_ASIDE, settling)


def document(conflict: Conflict) -> dict[str, Any]:
    """The conflict, ready for JSON."""
    fields = [{**field.model_dump(mode="json"), "differs": field.differs} for field in conflict.fields]
    return {**conflict.model_dump(mode="json"), "fields": fields}


def print_conflict(screen: Console, conflict: Conflict, subject: str, *, account: bool) -> None:
    """Print both contents side by side, and the choices."""
    screen.print(Text(printable(f"{subject}  {conflict.key}"), style="bold"), soft_wrap=True)
    screen.print(Text(printable(conflict.words), style="yellow"), soft_wrap=True)
    if conflict.fields:
        screen.print()
        for line in _side_by_side(conflict.fields, screen.width):
            screen.print(line, soft_wrap=True)
        if not any(field.differs for field in conflict.fields):
            screen.print("All that is shown is the same on both sides.", soft_wrap=True)
    screen.print()
    of_account = " --account" if account else ""
    for choice in conflict.choices:
        typed = f"conflict {COMMANDS[choice]} {subject} {conflict.key}{of_account} --reason TEXT"
        screen.print(f"{choice.words[0].upper()}{choice.words[1:]}:", soft_wrap=True)
        screen.print(f"  {program()} {typed}", soft_wrap=True)
    kind = "billing-account" if account else "subscription"
    retry = NextStep(Do.RETRY_EFFECT, f"{kind}:{subject}", "Or mend the cause, then let it try again")
    screen.print(f"{retry.phrase}:", soft_wrap=True)
    screen.print(f"  {command_for(retry)}", soft_wrap=True)


def _settle(subject: str, key: str, choice: Choice, settling: Settling) -> None:
    fields = {"reason": settling.reason, "by": settling.by, "actor": settling.actor}
    try:
        request = SettleConflict.model_validate({"key": key, "choice": choice, **fields})
    except ValidationError as error:
        raise misused(faults_of(error)) from None
    sent = Sent(f"{key} of {subject}", timeout=settling.timeout)

    async def send(perennial: Perennial) -> str:
        conflicts = perennial.conflicts
        settle = conflicts.settle_of_account if settling.account else conflicts.settle_of_subscription
        return await sent.answered(lambda: settle(subject, request))

    words = use(send, settling.address)
    if settling.as_json:
        print_json({"id": subject, "account": settling.account, "key": key, "choice": choice.value, "message": words})
    else:
        say(printable(f"{subject}: {words}"))


def _side_by_side(fields: Sequence[Compared], width: int) -> Iterator[Text]:
    """One block of lines per field; no line is wider than the screen."""
    name = min(max(len(field.name) for field in fields), WIDEST_NAME)
    side = max((width - len(DIFFERS) - name - 2 * GAP) // 2, 12)
    room = (name, side, side)
    yield _line("", ("FIELD", "THE WORKFLOW WANTS", "THE BOOKS HOLD"), room, "dim")
    for field in fields:
        cells = (field.name, *("-" if text is None else text for text in (field.wanted, field.held)))
        columns = [textwrap.wrap(printable(cell), width) or [""] for cell, width in zip(cells, room, strict=True)]
        for number in range(max(map(len, columns))):
            parts = tuple(lines[number] if number < len(lines) else "" for lines in columns)
            mark = DIFFERS if field.differs and not number else ""
            yield _line(mark, parts, room, "yellow" if field.differs else "dim")


def _line(mark: str, parts: Sequence[str], room: Sequence[int], style: str) -> Text:
    columns = (f"{part:<{width}}" for part, width in zip(parts, room, strict=True))
    return Text(f"{mark:<{len(DIFFERS)}}{(' ' * GAP).join(columns)}".rstrip(), style=style)
