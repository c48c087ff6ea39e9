"""What `reconcile --repair` shows: what it would start again, or what it has, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console

from cli.printing.screen import counted, printable
from statemachines.audit.findings import Cure, Finding

if TYPE_CHECKING:
    from perennial.reconciliation.repair import Repaired


def repair_document(repaired: Repaired) -> dict[str, Any]:
    """How many were started again, by how it was, and the reasons of those that were not."""
    return {"done": {cure.value: number for cure, number in repaired.done.items()}, "failed": repaired.failed}


def print_repair(screen: Console, findings: Sequence[Finding], repaired: Repaired | None) -> None:
    """A line per workflow that would be started again; once it is done, a line per way, and one per failure."""
    screen.print()
    if repaired is None:
        for each in findings:
            if each.cure:
                screen.print(printable(f"{each.noun.words} {each.id}: would {each.cure.words}"), soft_wrap=True)
        curable = sum(each.cure is not None for each in findings)
        words = f"{counted(curable, 'workflow')} would be started again, {_left(len(findings) - curable)}"
        screen.print(f"{words}. Nothing is done yet: add --yes." if curable else f"{words}.", soft_wrap=True)
        return
    for cure in Cure:
        if number := repaired.done[cure]:
            screen.print(f"{counted(number, 'workflow')}: {cure.words}: done", soft_wrap=True)
    for workflow_id, reason in repaired.failed.items():
        screen.print(printable(f"{workflow_id}: not started again: {reason}"), soft_wrap=True)
    left = _left(len(repaired.left(findings)))
    screen.print(f"{counted(sum(repaired.done.values()), 'workflow')} started again, {left}.", soft_wrap=True)


def _left(number: int) -> str:
    return f"{counted(number, 'finding')} left for you"
