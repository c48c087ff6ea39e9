"""Print tables, on the terminal or as CSV."""

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Annotated

from rich.console import Console
from rich.text import Text
from typer import Option

from cli.encoding import as_written
from cli.failure import Misused
from cli.printing.screen import wrapped

GAP = 2
"""Blanks between columns."""
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a formula begins with, also in full width."""


def print_columns(
    screen: Console, headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()
) -> None:
    """Print one line per row; the columns named in `right` are right-aligned.

    On a terminal that is too narrow, cells wrap between words. If words do not fit, each row is printed as a list.
    """
    rows = [[as_written(cell, screen.encoding) for cell in row] for row in rows]
    columns = list(zip(headings, *rows, strict=True))
    widths: Sequence[int] | None = [max(map(len, column)) for column in columns]
    if screen.is_terminal:
        widths = _fitted(columns, screen.width)
    if widths is None:
        _print_listed(screen, headings, rows)
        return
    for number, row in enumerate([headings, *rows]):
        for line in _lines(row, widths, [name in right for name in headings]):
            screen.print(Text(line, style="" if number else "dim"), soft_wrap=True)


def _fitted(columns: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """The width of each column, the widest ones narrowed so that all fit; None if that would break a word."""
    widths = [max(map(len, column)) for column in columns]
    least = [max((len(word) for cell in column for word in cell.split()), default=0) for column in columns]
    while sum(widths) + GAP * (len(widths) - 1) > room:
        wide = [number for number, width in enumerate(widths) if width > least[number]]
        if not wide:
            return None
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def _lines(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> Iterator[str]:
    """The row's lines, each cell wrapped to its width."""
    cells = [[cell] if len(cell) <= width else wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
    for parts in zip_longest(*cells, fillvalue=""):
        columns = zip(parts, widths, right, strict=True)
        padded = (f"{part:>{width}}" if is_right else f"{part:<{width}}" for part, width, is_right in columns)
        yield (" " * GAP).join(padded).rstrip()


def _print_listed(screen: Console, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print each row as its first cell, and the others below it, each behind its heading."""
    label = max(map(len, headings)) + GAP
    for first, *others in rows:
        screen.print(Text("\n".join(wrapped(first, screen.width)), style="bold"), soft_wrap=True)
        for heading, cell in _with_headings(headings[1:], others):
            text = f"\n{'':{label + GAP}}".join(wrapped(cell, max(screen.width - label - GAP, 1)))
            if text:
                screen.print(Text.assemble((f"{'':{GAP}}{heading:<{label}}", "dim"), text), soft_wrap=True)


def _with_headings(headings: Sequence[str], cells: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each cell and its heading; those without one stand before the next cell, the last ones by themselves."""
    before: list[str] = []
    for heading, cell in zip(headings, cells, strict=True):
        before.append(cell)
        if heading:
            yield heading, " ".join(before)
            before = []
    yield "", " ".join(before)


Csv = Annotated[bool, Option("--csv", help="Print a CSV table, for a spreadsheet.")]


def print_csv(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print one line per row. A cell that a spreadsheet would run as a formula is quoted."""
    for row in (headings, *rows):
        line = io.StringIO(newline="")
        # The writer quotes a cell for a line end within it only if it is one of its own.
        csv.writer(line, lineterminator="\r\n").writerow([_harmless(cell) for cell in row])
        sys.stdout.write(line.getvalue().removesuffix("\r\n") + "\n")


def one_format(**chosen_by_name: bool) -> None:
    """Raises Misused if more than one output format is chosen: `as_json`, `as_csv` and so on."""
    chosen = [f"--{name.removeprefix('as_')}" for name, wanted in chosen_by_name.items() if wanted]
    if len(chosen) > 1:
        raise Misused(f"{' and '.join(chosen)} are output formats: choose one.")


def _harmless(cell: object) -> object:
    """The cell, behind a `'` if it begins like a formula, or with what a spreadsheet skips before one.

    Ids may begin with `-`. Negative amounts stay numbers.
    """
    if not isinstance(cell, str) or not cell or _NUMBER.fullmatch(cell):
        return cell
    first = cell[0]
    is_skipped = first.isspace() or not first.isprintable()
    return f"'{cell}" if is_skipped or first in _FORMULA else cell


@dataclass(frozen=True)
class Entry:
    """One line of a sheet: cells that line up with those of other entries, or a note across all columns."""

    when: str = ""
    cells: tuple[str, ...] = ()
    note: str = ""
    money: str = ""
    style: str = ""
    indent: int = 0


@dataclass(frozen=True)
class Sheet:
    """Entries, laid out for the width of the screen."""

    entries: Sequence[Entry]

    def lines(self, width: int) -> Iterator[Text]:
        """The lines, none wider than `width`, without trailing blanks."""
        when = max((len(e.when) for e in self.entries), default=0) + GAP
        money = max((len(e.money) for e in self.entries), default=0)
        columns = self._columns()
        for entry in self.entries:
            room = max(width - when - (money + GAP if entry.money else 0), 20)
            for number, line in enumerate(self._body(entry, columns, room)):
                text = Text()
                text.append(f"{'' if number else entry.when:<{when}}", style="dim" if entry.style == "dim" else "")
                text.append(line, style=entry.style)
                if entry.money and not number:
                    text.append(f"{'':{when + room - len(text) + GAP}}{entry.money:>{money}}", style=entry.style)
                text.rstrip()
                yield text

    def _columns(self) -> list[int]:
        rows = [entry.cells for entry in self.entries if entry.cells]
        return [max(map(len, column)) + GAP for column in zip(*(row[:-1] for row in rows), strict=True)]

    def _body(self, entry: Entry, columns: list[int], room: int) -> list[str]:
        if not entry.cells:
            lead = " " * entry.indent
            return wrapped(entry.note, room, initial_indent=lead, subsequent_indent=lead) or [""]
        head = "".join(f"{cell:<{width}}" for cell, width in zip(entry.cells, columns, strict=False))
        last = wrapped(entry.cells[-1], max(room - len(head), 12)) or [""]
        return [f"{'' if number else head:<{len(head)}}{part}" for number, part in enumerate(last)]
