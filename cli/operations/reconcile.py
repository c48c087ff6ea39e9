"""`reconcile`: compare the books with the workflows, and both with the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ValidationError
from rich.console import Console
from rich.text import Text
from typer import Argument, Option

from cli.failure import Failure, Misused
from cli.next_step import command_for
from cli.operations.repair import print_repair, repair_document
from cli.options import Reading, misused, some_id, typed_wrong, whole_number, with_options
from cli.printing.progress import Progress
from cli.printing.screen import console, counted, print_json, printable
from cli.printing.tables import print_columns
from cli.running import stopped_with, use
from cli.start import typed
from domain.faults import faults_of
from domain.next_step import Do
from domain.values import format_instant
from statemachines.audit.findings import Finding, Kind, Noun
from statemachines.audit.observed import GRACE
from workflows.durable.operator import Operator

if TYPE_CHECKING:
    from perennial.reconciliation.reconciliation import Report
    from perennial.reconciliation.repair import Repaired
    from perennial.use_cases import Perennial

KEY = "reconcile"
LONGEST_GRACE = 366 * 24 * 60


@dataclass(frozen=True)
class Comparing:
    """How closely is looked."""

    quick: Annotated[
        bool, Option("--quick", help="Read no histories: compare the server's lists, the books and the clock only.")
    ] = False
    grace: Annotated[
        int,
        Option(parser=whole_number, metavar="MINUTES", help="How late a milestone may be before it is overdue."),
    ] = int(GRACE.total_seconds() // 60)


@dataclass(frozen=True)
class Repairing:
    """Whether what can be repaired is, and who does it."""

    repair: Annotated[bool, Option("--repair", help="Show what would be repaired, and how. With --yes, do it.")] = False
    yes: Annotated[bool, Option("--yes", "-y", help="With --repair: do it.")] = False
    by: Annotated[str, Option("--by", parser=some_id, metavar="NAME", help="Who repairs, for the record.")] = "operator"
    note: Annotated[str, Option(metavar="TEXT", help="Why, for the record.", show_default=False)] = ""

    @property
    def operator(self) -> Operator | None:
        """Who repairs; None for a comparison, or to show it only. Raises Misused."""
        if self.yes and not self.repair:
            raise Misused("--yes goes with --repair: without it nothing is changed.")
        try:
            return Operator(by=self.by, note=self.note) if self.yes else None
        except ValidationError as error:
            raise misused(faults_of(error)) from None


@with_options
def reconcile(
    comparing: Comparing,
    repairing: Repairing,
    reading: Reading,
    subjects: Annotated[
        list[str] | None,
        Argument(
            metavar="[ID...]",
            parser=some_id,
            help="Only these subscriptions, customers and bulk operations.",
            show_default="all",
        ),
    ] = None,
) -> None:
    """Compare the books with the workflows, and both with the clock.

    Finds subscriptions, billing accounts, deliveries and bulk operations whose workflow is missing, was ended or reset,
    knows more or less than the books, is overdue, or waits for somebody. It only reads. Exit code 1 if it finds
    anything.

    With --repair and --yes, what does not run any more is started again: from the books, or at its last task if it
    knows what they do not. Books from an older copy get what they lack from the workflows' histories. Then exit code 1
    if anything is left.

    Example: reconcile crm-1
    """
    if comparing.grace > LONGEST_GRACE:
        raise typed_wrong("--grace", comparing.grace, f"at most {LONGEST_GRACE} minutes")
    operator = repairing.operator

    async def look(perennial: Perennial) -> tuple[Report, Repaired | None]:
        far = "Compared: nothing changed"
        with stopped_with(lambda: [f"{far}. To go on: {typed()}"]), Progress() as progress:
            progress.begin(KEY, "compare the books with the workflows")
            report = await perennial.reconciliation.run(
                list(dict.fromkeys(subjects or [])),
                quick=comparing.quick,
                grace=timedelta(minutes=comparing.grace),
                watch=lambda number: progress.note(KEY, counted(number, "workflow")),
            )
            progress.end(KEY)
            if operator is None:
                return report, None
            curable = sum(finding.cure is not None for finding in report.findings)
            progress.begin(KEY, f"repair {counted(curable, 'workflow')}")

            def note(number: int) -> None:
                nonlocal far
                done = f"{number:,} of {curable:,}"
                far = f"Repaired: {done} workflows were tried; what has begun again goes on"
                progress.note(KEY, done)

            note(0)
            repaired = await perennial.repair.run(report, operator, note)
            progress.end(KEY)
        return report, repaired

    report, repaired = use(look, reading.address)
    if reading.as_json:
        print_json(_document(report, repaired))
    else:
        _print(console(), report)
        if repairing.repair:
            print_repair(console(), report.findings, repaired)
    left = report.findings if repaired is None else repaired.left(report.findings)
    if left:
        raise Failure()


def _document(report: Report, repaired: Repaired | None) -> dict[str, Any]:
    return {
        **({} if repaired is None else {"repaired": repair_document(repaired)}),
        "compared": {noun.value: number for noun, number in report.compared.items()},
        "read": report.read,
        "kinds": {kind.value: number for kind in Kind if (number := _count(report, kind))},
        "findings": [_finding_document(finding) for finding in report.findings],
    }


def _count(report: Report, kind: Kind) -> int:
    return sum(finding.kind is kind for finding in report.findings)


def _finding_document(finding: Finding) -> dict[str, Any]:
    step = finding.next_step
    return {
        **finding.model_dump(mode="json", exclude={"due_at"}),
        "due_at": format_instant(finding.due_at) if finding.due_at else None,
        "words": finding.words,
        "next_step": {"do": step.do.value, "words": str(step), "command": _command(finding)},
    }


def _print(screen: Console, report: Report) -> None:
    # Bulk operations are rarely under way.
    nouns = {noun: number for noun, number in report.compared.items() if number or noun is not Noun.BULK}
    compared = ", ".join(f"{counted(number, *_PLURALS[noun.value])}" for noun, number in nouns.items())
    read = f"{counted(report.read, 'history', 'histories')} read" if report.read else "no history read"
    screen.print(f"{compared}; {read}", soft_wrap=True)
    if not report.findings:
        screen.print("Books and workflows agree, and nothing is overdue.", soft_wrap=True)
        return
    screen.print()
    kinds = [(kind.value, str(number), kind.words) for kind in Kind if (number := _count(report, kind))]
    print_columns(screen, ("FINDING", "COUNT", "IN WORDS"), kinds, right=("COUNT",))
    for finding in report.findings:
        screen.print()
        heading = f"{finding.noun.words} {finding.id}  {finding.kind}: {finding.cause}"
        screen.print(Text(printable(heading), style="yellow"), soft_wrap=True)
        screen.print(printable(f"  {finding.next_step.phrase}: {_command(finding)}"), soft_wrap=True)


def _command(finding: Finding) -> str:
    """What to type; a run that a reset has ended is named."""
    step, command = finding.next_step, command_for(finding.next_step)
    named = step.do is Do.RESUME_WORKFLOW and finding.replaced_run
    return f"{command} --run-id {finding.replaced_run}" if named else command


_PLURALS = {
    "subscription": ("subscription",),
    "account": ("billing account",),
    "delivery": ("delivery", "deliveries"),
    "bulk": ("bulk operation",),
}
