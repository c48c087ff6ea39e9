"""A sheet of lines with their instants to the left and money to the right: a life as a person reads it."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

GAP = 2


@dataclass(frozen=True)
class Entry:
    """One line. Cells line up with those of other entries; a note runs on across them."""

    when: str = ""
    cells: tuple[str, ...] = ()
    note: str = ""
    money: str = ""
    style: str = ""
    indent: int = 0


@dataclass(frozen=True)
class Sheet:
    """Entries laid out for a width."""

    entries: Sequence[Entry]

    def lines(self, width: int) -> Iterator[Text]:
        """The lines, none wider than the width and none with blanks at its end."""
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
            return textwrap.wrap(entry.note, room, initial_indent=lead, subsequent_indent=lead) or [""]
        head = "".join(f"{cell:<{width}}" for cell, width in zip(entry.cells, columns, strict=False))
        last = textwrap.wrap(entry.cells[-1], max(room - len(head), 12)) or [""]
        return [f"{'' if number else head:<{len(head)}}{part}" for number, part in enumerate(last)]
