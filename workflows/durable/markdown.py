"""What the current details of several workflows have in common: Markdown for the Web UI."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from domain.conflict import Conflict
from domain.subscription.decision import Answer
from workflows.durable.options import MAX_REASON

_SPECIAL = re.compile(r"[\\|<\[`]")
"""What would end a cell, or begin a tag, a link or code in it."""
EVENTS_SHOWN = 8
ROOM = "\u00a0" * 3


@runtime_checkable
class Shown(Protocol):
    """A workflow whose current details are written when somebody looks, as few do, and not in every task."""

    def current_details(self) -> str:
        """The Markdown that the Web UI shows. Changes nothing."""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A Markdown table. The Web UI sets cells without any space between them, so each ends with its own."""
    lines = ["| " + " | ".join(f"{_cell(cell)}{ROOM}" for cell in row) + " |" for row in (head, *rows)]
    return [lines[0], "|---" * len(head) + "|", *lines[1:]]


def attention_line(attention: str | None, conflict: Conflict | None) -> list[str]:
    """What an operator has to fix; no line where nothing needs attention."""
    if not attention:
        return []
    line = f"**Needs attention:** {attention}. Fix the cause, then send the update `retry_effect`"
    if conflict is None:
        return ["", f"{line}."]
    differing = ", ".join(field.name for field in conflict.fields if field.differs) or "nothing that is shown"
    choices = " or ".join(f"`{choice}`" for choice in conflict.choices) or "nothing"
    words = f"**Conflict `{conflict.key}`:** differing: {differing[:MAX_REASON]}. Choices: {choices}."
    return ["", f"{line}, or settle the conflict by `settle_conflict`.", "", words]


def refused_signals_line(count: int, answers: Sequence[Answer]) -> list[str]:
    """How many signals were refused, and why the last one was; no line where none was."""
    if not count:
        return []
    last = answers[-1]
    return ["", f"**Refused signals:** {count}. Last: {last.do}, {last.rule}: {last.message}"]


def second(instant: datetime) -> str:
    """An instant to the second: people read this, programs ask the query."""
    return f"{instant:%Y-%m-%d %H:%M:%S}"


def _cell(value: object) -> str:
    return _SPECIAL.sub(r"\\\g<0>", " ".join(str(value).split()))
