"""A file of subscriptions for a bulk operation: CSV, one per line; every fault with its line."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from cli.failure import Misused
from domain.bulk.requests import Ask
from domain.faults import Fault, MalformedFile, faults_of, listed
from domain.values import ID_PATTERN
from hosting.files.yaml import text_of
from perennial.bulk.planning import Row

MAX_BYTES = 64 * 1024 * 1024
SUBSCRIPTION = "subscription"
Build = Callable[[Mapping[str, str]], Ask]
"""Makes what is sent of a row's other cells. Raises ValidationError."""


@dataclass(frozen=True)
class Table:
    """The rows of a file, and the line of each subscription."""

    file: Path
    rows: list[Row]
    lines: dict[str, int]

    def unknown(self, ids: Sequence[str]) -> Misused:
        """The failure for subscriptions that do not exist."""
        words = "the id of a subscription that exists; `list` shows them"
        faults = [(self.lines[each], Fault((SUBSCRIPTION,), each, words)) for each in ids]
        return Misused(*listed(faults, lambda fault: f"{self.file}:{fault[0]}: {fault[1]}"))


def rows_in(file: Path, column: str | None, build: Build) -> Table:
    """All the file's rows; `column` is the one beside `subscription`, where it takes one.

    Raises Misused with one line per fault.
    """
    try:
        text = text_of(file, MAX_BYTES)
    except MalformedFile as malformed:
        raise Misused(*listed(malformed.faults, lambda fault: f"{file}: {fault}")) from None
    table = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    found, faults = Table(file, [], {}), list[str]()
    try:
        headings = next(table, [])
        _check_columns(file, headings, column)
        for cells in table:
            place = f"{file}:{table.line_num}"
            if len(cells) != len(headings):
                faults.append(f"{place}: got {len(cells)} cells; takes {len(headings)}, one per column")
                continue
            faults += [
                f"{place}: {fault}"
                for fault in _taken(found, dict(zip(headings, cells, strict=True)), build, table.line_num)
            ]
    except csv.Error as error:
        raise Misused(f"{file}:{table.line_num}: cannot be read as CSV ({error})") from None
    if faults:
        raise Misused(*listed(faults))
    if not found.rows:
        raise Misused(f"{file}: got no subscriptions; takes one per line, under the heading {SUBSCRIPTION}")
    return found


def _taken(table: Table, cells: dict[str, str], build: Build, line: int) -> Iterator[str]:
    """Add the row to the table; yields its faults instead."""
    subscription_id = cells.pop(SUBSCRIPTION)
    if not re.fullmatch(ID_PATTERN, subscription_id):
        yield str(Fault((SUBSCRIPTION,), subscription_id, "1 to 64 letters, digits, `_` or `-`"))
        return
    if (first := table.lines.setdefault(subscription_id, line)) != line:
        yield str(Fault((SUBSCRIPTION,), subscription_id, f"each once; it is in line {first} too"))
        return
    try:
        table.rows.append(Row(subscription_id, build(cells)))
    except ValidationError as error:
        yield from map(str, faults_of(error))


def _check_columns(file: Path, found: list[str], column: str | None) -> None:
    wanted = [SUBSCRIPTION, *([column] if column else [])]
    faults = [Fault((name,), None, "a column; it is required") for name in wanted if name not in found]
    for name in dict.fromkeys(found):
        if name not in wanted:
            faults.append(Fault((name or "columns",), name, f"one of the columns {', '.join(wanted)}"))
        elif found.count(name) > 1:
            faults.append(Fault((name,), f"{found.count(name)} columns", "each column once"))
    if faults:
        raise Misused(*listed(faults, lambda fault: f"{file}:1: {fault}"))
