"""Tables for the Web UI's current details."""

from collections.abc import Iterable, Sequence

ROOM = "\u00a0" * 3


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A Markdown table. The Web UI sets cells without any room between them, so they bring their own."""
    lines = ["| " + " | ".join(f"{_cell(cell)}{ROOM}" for cell in row) + " |" for row in (head, *rows)]
    return [lines[0], "|---" * len(head) + "|", *lines[1:]]


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")
