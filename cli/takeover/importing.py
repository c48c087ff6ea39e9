"""`import`: take running subscriptions of another system over, in mid-term."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from cli.confirming import at_a_terminal, confirm
from cli.failure import Failure, Misused, complain
from cli.options import Actor, Reading, one_of, with_options
from cli.printing.progress import Progress
from cli.printing.screen import counted, print_json, say
from cli.running import use
from cli.start import program
from cli.takeover.file import Format, Rows, rows_in
from domain.faults import listed
from domain.money import Money
from domain.next_step import PerennialError
from domain.roles import Role
from perennial.takeover.importing import INVOICES, START, WRITE, TakeoverRefused
from statemachines.takeover.judging import Plan
from workflows.durable.operator import Operator

if TYPE_CHECKING:
    from perennial.takeover.importing import Imported
    from perennial.use_cases import Perennial

OPERATORS = (Role.ADMIN_AGENT, Role.GLOBAL_ADMIN)
STEPS = {WRITE: "write into the books", INVOICES: "take open invoices over, by customer", START: "start subscriptions"}

FormatOption = Annotated[
    Format | None,
    Option("--format", parser=one_of(Format), metavar="FORMAT", help="csv or jsonl.", show_default="by the name"),
]


@dataclass(frozen=True)
class Importing(Reading):
    """Who imports, and how."""

    dry_run: Annotated[bool, Option("--dry-run", help="Check everything, say what would be imported, and stop.")] = (
        False
    )
    yes: Annotated[bool, Option("--yes", "-y", help="Do not ask.")] = False
    by: Annotated[
        Role, Option("--by", parser=one_of(OPERATORS), metavar="ROLE", help=f"Your role: {', '.join(OPERATORS)}.")
    ] = Role.ADMIN_AGENT
    actor: Actor = None


@with_options
def import_subscriptions(
    file: Annotated[Path, Argument(metavar="FILE", help="CSV or JSON lines; docs/moving-in.md has the fields.")],
    importing: Importing,
    kind: FormatOption = None,
) -> None:
    """Take running subscriptions over from another system, within their term (MOV-1).

    All rows are checked first; if any is faulty, none is imported. Nothing is charged that was paid: the first charge
    comes with the next billing period. After an interruption import the same file again: it goes on where it was.

    Example: import contoso.csv --dry-run
    """
    read = rows_in(file, kind)
    asks = not (importing.yes or importing.dry_run)
    plan = use(lambda perennial: _check(perennial, read, importing), importing.address)
    if importing.dry_run:
        _print_plan(plan, as_json=importing.as_json)
        return
    if asks and plan.new:
        if not at_a_terminal():
            raise Misused(
                "import asks before it acts, and there is no terminal to ask at: "
                "add --yes to do it, or --dry-run to see what it would do."
            )
        for line in _lines(plan):
            say(line, stderr=True)
        confirm()
    done = use(lambda perennial: _import(perennial, plan, importing, file), importing.address)
    _report(done, as_json=importing.as_json)


async def _check(perennial: Perennial, read: Rows, importing: Importing) -> Plan:
    """The plan of a file without a fault. One that cannot be read in all rows says so without the books, too."""
    try:
        plan = await perennial.takeover_import.check(read.rows, importing.by, importing.actor)
        if not read.faults:
            return plan
    except TakeoverRefused as refused:
        raise read.misused(refused.faults) from None
    except PerennialError:
        if not read.faults:
            raise
    raise read.misused()


async def _import(perennial: Perennial, plan: Plan, importing: Importing, file: Path) -> Imported:
    far: dict[str, int] = {}
    operator = Operator(by=importing.actor or importing.by)
    try:
        with Progress() as progress:

            def watch(step: str, done: int, total: int) -> None:
                if step not in far:
                    for other in far:
                        progress.end(other)
                    progress.begin(step, STEPS[step])
                far[step] = done
                progress.note(step, f"{done:,} of {total:,}")

            imported = await perennial.takeover_import.run(plan, operator, watch)
            for step in list(far)[-1:]:
                progress.end(step)
    except BaseException:
        written = f"{plan.known + far.get(WRITE, 0):,} of {plan.known + len(plan.new):,} are in the books"
        started = f", {far[START]:,} were started now" if START in far else ""
        complain([f"Stopped: {written}{started}. To go on: {program()} import {file} --yes"])
        raise
    return imported


def _lines(plan: Plan) -> Iterator[str]:
    states = ", ".join(f"{number:,} {state}" for state, number in plan.states.items())
    words = f"{counted(len(plan.new), 'subscription')} of {counted(len(plan.customers), 'customer')} to take over"
    yield f"{words}{f': {states}' if states else ''}. {plan.known:,} in the books already."
    if plan.invoices:
        invoices = [each for some in plan.invoices.values() for each in some]
        owed: dict[str, Decimal] = defaultdict(Decimal)
        for each in invoices:
            owed[each.currency] += each.owed
        sums = ", ".join(str(Money(amount=amount, currency=code)) for code, amount in sorted(owed.items()))
        yield f"{counted(len(invoices), 'open invoice')} of theirs to owe here: {sums} (MOV-6)."
    if plan.overdue:
        yield (
            f"{plan.overdue:,} of them have had something due since their as_of: charges, renewals, ends. "
            "It happens at once, with the dates that it was due at (MOV-4)."
        )


def _print_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        states = {state.value: number for state, number in plan.states.items()}
        print_json(
            {
                "new": len(plan.new),
                "known": plan.known,
                "states": states,
                "overdue": plan.overdue,
                "invoices": sum(map(len, plan.invoices.values())),
            }
        )
        return
    say("No faults.")
    for line in _lines(plan):
        say(line)
    say("Nothing was imported: that was --dry-run.")


def _report(done: Imported, *, as_json: bool) -> None:
    if as_json:
        document: dict[str, Any] = {
            "new": done.new,
            "known": done.known,
            "started": done.started,
            "invoices": done.invoices,
            "failed": done.failed,
        }
        print_json(document)
    else:
        nothing = "nothing new" if not done.new else f"{counted(done.new, 'subscription')} taken over"
        owed = f", {counted(done.invoices, 'open invoice')} owed here now" if done.invoices else ""
        say(f"Imported: {nothing}, {done.known:,} known already, {done.started:,} started{owed}.")
    if done.failed:
        shown = listed(list(done.failed.items()), lambda each: f"{each[0]}: {each[1]}")
        raise Failure(*shown, "These are not done; the rows are in the books. Import the same file again.")
