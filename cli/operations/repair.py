"""What `reconcile --repair` shows: what it would do, or what it has done, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console

from cli.printing.screen import counted, printable
from statemachines.audit.findings import Cure, Finding

if TYPE_CHECKING:
    from perennial.reconciliation.repair import Repaired


def repair_document(repaired: Repaired) -> dict[str, Any]:
    """How many were repaired, by how it was, what the books got, and the reasons of those that were not."""
    done = {cure.value: number for cure, number in repaired.done.items()}
    return {"done": done, "written": dict(repaired.written), "failed": repaired.failed}


def print_repair(screen: Console, findings: Sequence[Finding], repaired: Repaired | None) -> None:
    """A line per workflow that would be repaired; once it is done, a line per way, and one per failure."""
    screen.print()
    if repaired is None:
        for each in findings:
            if each.cure:
                screen.print(printable(f"{each.noun.words} {each.id}: would {each.cure.words}"), soft_wrap=True)
        curable = sum(each.cure is not None for each in findings)
        words = f"{counted(curable, 'workflow')} would be repaired, {_left(len(findings) - curable)}"
        screen.print(f"{words}. Nothing is done yet: add --yes." if curable else f"{words}.", soft_wrap=True)
        return
    for cure in Cure:
        if number := repaired.done[cure]:
            screen.print(f"{counted(number, 'workflow')}: {cure.words}: done", soft_wrap=True)
    if repaired.written:
        kinds = ", ".join(f"{kind} {number:,}" for kind, number in repaired.written.items())
        screen.print(f"Written into the books: {kinds}", soft_wrap=True)
    for workflow_id, reason in repaired.failed.items():
        screen.print(printable(f"{workflow_id}: not repaired: {reason}"), soft_wrap=True)
    left = _left(len(repaired.left(findings)))
    screen.print(f"{counted(sum(repaired.done.values()), 'workflow')} repaired, {left}.", soft_wrap=True)


def _left(number: int) -> str:
    return f"{counted(number, 'finding')} left for you"
