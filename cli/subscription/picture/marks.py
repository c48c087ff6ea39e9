"""The turns and milestones of all lanes: which are numbered and listed, and where the numbers stand."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from cli.subscription.history import change_words
from cli.subscription.picture.scale import Scale
from domain.subscription.events import Event
from statemachines.preview.lane import Lane

MOST_PAST, MOST_TO_COME = 16, 24
"""How many of each are numbered: the last and the next ones."""
APART = 19
"""The least distance between the middles of two numbers side by side, in pixels."""


class Mark(NamedTuple):
    """Something at an instant: an event, or a milestone to come. `number` is None where it is not listed."""

    at: datetime
    subscription_id: str
    words: str
    rule: str
    foreseen: bool
    number: int | None = None


def numbered(lanes: Sequence[Lane]) -> list[Mark]:
    """All marks in the order of time, the listed ones with their numbers."""
    past = sorted((_of_event(lane, event) for lane in lanes for event in lane.turns), key=_order)
    coming = sorted((mark for lane in lanes for mark in _to_come(lane)), key=_order)
    shown = [*past[-MOST_PAST:], *coming[:MOST_TO_COME]]
    marked = [mark._replace(number=number) for number, mark in enumerate(shown, start=1)]
    return [*past[:-MOST_PAST], *marked, *coming[MOST_TO_COME:]]


def rows_of(marks: Sequence[Mark], scale: Scale) -> list[tuple[Mark, int]]:
    """Each numbered mark with its row, counted from 0 upwards, so that no two numbers overlap."""
    ends: list[float] = []
    placed = []
    for mark in sorted((mark for mark in marks if mark.number), key=_order):
        at = scale.pixels(mark.at)
        row = next((row for row, end in enumerate(ends) if at - end >= APART), len(ends))
        ends[row : row + 1] = [at]
        placed.append((mark, row))
    return placed


def _of_event(lane: Lane, event: Event) -> Mark:
    # The bands show the state, and the reason says which hold was placed.
    facts = [change_words(change) for change in event.changes if change.fact not in {"state", "holds"}]
    reason = [event.reason.replace("_", " ")] if event.reason else []
    about = ", ".join([*facts, *reason])
    words = event.event.replace("_", " ") + (f": {about}" if about else "")
    return Mark(event.at, lane.whose.subscription_id, words, event.rule, foreseen=False)


def _to_come(lane: Lane) -> list[Mark]:
    name = lane.whose.subscription_id
    return [Mark(each.milestone.at, name, each.words, each.milestone.rule, foreseen=True) for each in lane.foreseen]


def _order(mark: Mark) -> datetime:
    return mark.at
