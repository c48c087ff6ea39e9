"""Generates docs/lifecycle.md from the machine; see `COMMAND`."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from domain.roles import Action
from domain.subscription.events import State
from statemachines.subscription.lifecycle import DOES
from statemachines.subscription.machine import SubscriptionMachine, Transition
from statemachines.subscription.timeline import What

COMMAND = ".venv/bin/python -m statemachines.subscription.diagram > docs/lifecycle.md"

GUARDS = {
    "metered": "the offer is billed by usage",
    "marketplace": "the offer is an ISV's",
    "offers_trial": "the offer has a free trial",
    "waits_for_publisher": "the publisher must set it up first",
    "auto_renew": "auto-renew is on",
    "in_free_trial": "the trial runs, suspended or not",
    "leavable": "its term or trial ended while it was suspended, and it is a trial or an ISV's licence",
    "stranded": "its term ended while it was suspended, and it is neither",
    "ends_now": "it is leavable, and the command turns auto-renew off",
    "quantity_rejectable": "its quantity was changed in the running billing period, or that change is already rejected",
    "refund_open": "it can be cancelled, and the refund window is open",
    "late_cancel_allowed": "it can be cancelled, and the policy pack schedules late cancellations",
    "every_hold_liftable": "the actor may lift every hold that the command names",
    "hold_remains": "the command lifts only some of the holds, or none",
    "begins_later": "it was ordered to begin later",
    "activated": "the publisher has activated it",
    "pause_alone": "every hold is a planned pause",
    "changes_scheduled": "something is scheduled for the renewal",
    "something_to_bill": "usage is left to bill, or the pack bills while suspended",
}
"""What each guard means."""

_HEAD = f"""\
<!-- Generated from statemachines/subscription/machine.py; do not edit. Regenerate: {COMMAND} -->

# Lifecycle

The states of a subscription and the transitions between them. Auto-renew, a scheduled cancellation and holds are facts
beside the state, not states; guards read them. A command that is not in the tables is refused, and the answer names the
state and what is allowed (LIF-1). The rules are in [domain.md](domain.md).
"""


@dataclass(frozen=True)
class Row:
    """One transition, as a row of the tables."""

    transition: Transition
    guard: str
    does: str


def rows() -> list[Row]:
    """Every transition in the machine's order, with its guard and the first line of what it does."""
    found = []
    for line in f"{SubscriptionMachine:md}".splitlines()[2:]:
        source, event, guard, target = (cell.strip().lower() for cell in line.strip("|").split("|"))
        transition = Transition(event.replace(" ", "_"), State(source), State(target))
        words = (DOES[transition].__doc__ or "").strip().splitlines()[0]
        found.append(Row(transition, guard.replace("!", "not ").replace("_or_", " or "), words))
    return found


def diagram(found: list[Row]) -> Iterator[str]:
    """The lines of the Mermaid diagram. Transitions that keep the state are only in the tables."""
    yield "stateDiagram-v2"
    yield "    direction LR"
    yield f"    [*] --> {State.PENDING}"
    ways: dict[tuple[State, State], list[str]] = {}
    for row in found:
        events = ways.setdefault((row.transition.source, row.transition.target), [])
        if row.transition.event not in events:
            events.append(row.transition.event)
    for (source, target), events in ways.items():
        if source is not target:
            yield f"    {source} --> {target} : {', '.join(events)}"
    for state in State:
        if state.ended:
            yield f"    {state} --> [*]"


def table(found: list[Row], state: State) -> Iterator[str]:
    """The lines of the state's table."""
    yield "| event | triggered by | if | leads to | what it does |"
    yield "|---|---|---|---|---|"
    for row in found:
        if row.transition.source is state:
            event, target = row.transition.event, row.transition.target
            guard = row.guard.replace("_", " ") or "always"
            yield f"| `{event}` | {_comes(event)} | {guard} | {'' if target is state else target} | {row.does} |"


def _comes(event: str) -> str:
    if event in {what.value for what in What}:
        return "time"
    return "a command" if event in set(Action) else "the order or activation"


def document() -> str:
    """The whole page, as Markdown."""
    found = rows()
    lines = [_HEAD, "```mermaid", *diagram(found), "```", ""]
    for state in State:
        lines += [f"## {state.value.capitalize()}", ""]
        lines += ["Final: no further changes (LIF-2)."] if state.ended else table(found, state)
        lines.append("")
    lines += ["## What the conditions mean", "", "| condition | meaning |", "|---|---|"]
    lines += [f"| {guard.replace('_', ' ')} | {words} |" for guard, words in GUARDS.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
