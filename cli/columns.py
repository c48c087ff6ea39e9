"""Rows under their headings: as wide as they need to be, greppable when piped."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

GAP = "  "


def print_columns(
    screen: Console, headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()
) -> None:
    """The rows, a line each; the columns named in `right` are aligned there."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        return GAP.join(_cells(headings, cells, widths, right)).rstrip()

    screen.print(Text(line(headings), style="dim"), soft_wrap=True)
    for row in rows:
        screen.print(Text(line(row)), soft_wrap=True)


def _cells(headings: Sequence[str], cells: Sequence[str], widths: Sequence[int], right: Sequence[str]) -> Iterator[str]:
    for heading, cell, width in zip(headings, cells, widths, strict=True):
        yield f"{cell:>{width}}" if heading in right else f"{cell:<{width}}"
