"""Print on the screen: answers on stdout, progress and errors on stderr, colours only on a terminal."""

import json
import os
import sys
import textwrap
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.text import Text

from cli.failure import printable as printable  # noqa: PLC0414  # what prints finds it here
from cli.local_time import placed
from cli.local_time import zone as zone  # noqa: PLC0414  # what prints finds it here
from cli.start import program
from domain.calendar import Period

PIPED_WIDTH = 100
TEMPORAL = "temporal "
"""How a command of Temporal's own command line begins."""
FACT = 13
"""The column at which the text of a fact begins."""


class Screen(Console):
    """A console on which a long line wraps between words if it is a terminal; one with a command to copy never does."""

    def print(self, *objects: Any, soft_wrap: bool | None = None, **named: Any) -> None:
        """Print as any console. What is printed with `soft_wrap` is on one line where a program may read it."""
        text = " ".join(map(str, objects))
        # A word that is longer than the screen stays whole, too.
        if self.is_terminal and not has_command(text) and max(map(len, text.split()), default=0) <= self.width:
            soft_wrap = False
        super().print(*objects, soft_wrap=soft_wrap, **named)


def has_command(text: str) -> bool:
    """Whether there is something in it to copy, of our command line or of Temporal's."""
    return program() in text or TEMPORAL in text


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal; 100 columns if the output is not a terminal."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPED_WIDTH
    return Screen(file=stream, width=width, highlight=False, markup=False, emoji=False)


def wrapped(text: str, width: int, *, initial_indent: str = "", subsequent_indent: str = "") -> list[str]:
    """The text's lines, none broken within a word: ids have hyphens."""
    whole = textwrap.TextWrapper(width, initial_indent, subsequent_indent)
    whole.break_long_words = whole.break_on_hyphens = False
    return whole.wrap(text)


def room_for(text: str, screen: Console, indent: int) -> int:
    """How long its indented lines may be: any length in a pipe, or with a command to copy."""
    return max(screen.width - indent, 20) if screen.is_terminal and not has_command(text) else sys.maxsize


def say(text: str | Text, *, stderr: bool = False) -> None:
    """Print the text; on one line where a program may read it, however long it is."""
    console(stderr=stderr).print(text, soft_wrap=True)


def print_facts(facts: Iterable[tuple[str, str]], *, heading: str = "", stderr: bool = False) -> None:
    """Print each fact behind its label, and the heading above them, if there is one.

    On a terminal a long text wraps between words, unless it has a command to copy.
    """
    if heading:
        say(Text(printable(heading), style="bold"), stderr=stderr)
    screen = console(stderr=stderr)
    for label, text in facts:
        parts = wrapped(printable(text), room_for(text, screen, FACT))
        line = Text.assemble((f"  {label:<{FACT - 2}}", "dim"), f"\n{'':{FACT}}".join(parts))
        screen.print(line, soft_wrap=True)


def print_json(document: Any) -> None:
    """Print the document of `--json`."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def instant(at: datetime | None) -> str:
    """To the minute; with seconds and less if they are not zero, so that nothing is rounded away."""
    if at is None:
        return ""
    text = placed(at).replace(tzinfo=None).isoformat(" ")
    return text.removesuffix(":00") if text.count(":") == 2 else text


def second(at: datetime | None) -> str:
    """To the second; `--json` has the whole instant."""
    return f"{placed(at):%Y-%m-%d %H:%M:%S}" if at else ""


def moment(at: datetime | None) -> str:
    """To the second, with the name of the zone."""
    return f"{second(at)} {zone()}" if at else ""


def span(period: Period) -> str:
    """A period as its first and last date."""
    return f"{day(period.start)} → {day(period.end)}"


def day(at: datetime) -> str:
    """The date."""
    return f"{placed(at):%Y-%m-%d}"


def amount(value: Decimal) -> str:
    """An amount with thousands separators."""
    return f"{value:,f}"


def quantity(value: Decimal | int) -> str:
    """A whole number without decimals, others with as few as possible."""
    number = Decimal(value)
    whole = number.to_integral_value()
    return f"{whole:,f}" if number == whole else f"{number.normalize():,f}"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 event`, `2 events`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
