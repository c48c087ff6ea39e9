"""Read a file of running subscriptions, CSV or JSON lines, with the line of every row and of every fault."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cli.failure import Misused
from cli.takeover.cells import FIELDS, Malformed, value_of
from domain.faults import Fault, MalformedFile, faults_of, listed
from domain.takeover.row import TakeoverRow
from hosting.files.yaml import text_of

MAX_BYTES = 64 * 1024 * 1024
MAX_LINE = 128 * 1024
PAGE = "docs/moving-in.md"
REQUIRED = tuple(name for name, known in TakeoverRow.model_fields.items() if known.is_required())


class Format(StrEnum):
    """The formats of the rows: a table, or one JSON object per line."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass
class Rows:
    """The rows of a file, with the line of each, and the faults with their lines."""

    file: Path
    rows: list[TakeoverRow] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[tuple[int, Fault]] = field(default_factory=list)

    def add(self, line: int, data: object) -> None:
        """Check a row's plain data, and keep it or its faults."""
        try:
            row = TakeoverRow.model_validate_json(json.dumps(data))
        except ValidationError as error:
            self.faults += [(line, fault) for fault in faults_of(error, PAGE)]
            return
        except (RecursionError, ValueError):
            self.faults.append((line, Fault((), None, "text without lone surrogates")))
            return
        self.rows.append(row)
        self.lines.append(line)

    def misused(self, faults: Sequence[tuple[int, Fault]] = ()) -> Misused:
        """The failure that names every fault by file, line and field; those of rows by the rows' numbers."""
        found = sorted([*self.faults, *((self.lines[row], fault) for row, fault in faults)], key=lambda each: each[0])
        lines = listed(found, lambda each: f"{self.file}{f':{each[0]}' if each[0] else ''}: {each[1]}")
        return Misused(*lines, "Nothing was imported.")


def format_of(file: Path, chosen: Format | None) -> Format:
    """The format that was chosen, else that of the file's name. Raises Misused."""
    found = {f".{each}": each for each in Format}.get(file.suffix.lower())
    if chosen or found:
        return chosen or found or Format.CSV
    raise Misused(f"FILE: got {str(file)!r}; takes a name that ends in .csv or .jsonl, or --format csv or jsonl")


def rows_in(file: Path, chosen: Format | None = None) -> Rows:
    """All rows of the file, and the faults of those that cannot be read. Raises Misused where it has no other row."""
    found, kind = Rows(file), format_of(file, chosen)
    try:
        text = text_of(file, MAX_BYTES)
    except MalformedFile as malformed:
        raise Misused(*listed(malformed.faults, lambda fault: f"{file}: {fault}"), "Nothing was imported.") from None
    if kind is Format.CSV:
        _read_table(text, found)
    else:
        _read_lines(text, found)
    if not found.rows and not found.faults:
        takes = "column names, then one subscription per line" if kind is Format.CSV else "one JSON object per line"
        found.faults.append((0, Fault((), "no subscriptions", takes)))
    if not found.rows:
        raise found.misused()
    return found


def _read_table(text: str, found: Rows) -> None:
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        columns = [name.strip() for name in next(table, [])]
        line = table.line_num + 1
        if columns and not _takes(columns, found):
            return
        for cells in table:
            if any(cell.strip() for cell in cells):
                _read_cells(columns, cells, line, found)
            line = table.line_num + 1
    except csv.Error as error:
        found.faults.append((line, Fault((), None, f"CSV ({error})")))


def _takes(columns: list[str], found: Rows) -> bool:
    if len(columns) == 1 and (";" in columns[0] or "\t" in columns[0]):
        found.faults.append((1, Fault(("columns",), columns[0], "column names separated by commas")))
        return False
    for name, times in Counter(columns).items():
        if name not in FIELDS:
            found.faults.append((1, Fault((name or "columns",), name, f"a column of {PAGE}: {', '.join(FIELDS)}")))
        elif times > 1:
            found.faults.append((1, Fault((name,), f"{times} columns", "each column once")))
    for name in REQUIRED:
        if name not in columns:
            found.faults.append((1, Fault((name,), None, "a column; it is required")))
    return not found.faults


def _read_cells(columns: list[str], cells: list[str], line: int, found: Rows) -> None:
    if len(cells) != len(columns):
        found.faults.append((line, Fault(("cells",), len(cells), f"{len(columns)}, one per column")))
        return
    data: dict[str, Any] = {}
    faulty = False
    for name, cell in zip(columns, cells, strict=True):
        try:
            if cell.strip():
                data[name] = value_of(name, cell)
        except Malformed as error:
            found.faults.append((line, Fault((name,), cell, str(error))))
            faulty = True
    if not faulty:
        found.add(line, data)


def _read_lines(text: str, found: Rows) -> None:
    for line, written in enumerate(text.split("\n"), start=1):
        if not written.strip():
            continue
        if len(written) > MAX_LINE:
            found.faults.append((line, Fault((), f"a line of {len(written):,} characters", f"at most {MAX_LINE:,}")))
            continue
        try:
            data = json.loads(written, object_pairs_hook=_each_once)
        except MalformedFile as malformed:
            found.faults += [(line, fault) for fault in malformed.faults]
        except (ValueError, RecursionError) as error:
            found.faults.append((line, Fault((), written.strip(), f"one JSON object ({error})")))
        else:
            if isinstance(data, dict):
                found.add(line, data)
            else:
                found.faults.append((line, Fault((), written.strip(), "one JSON object")))


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if faults := list(_repeated(pairs)):
        raise MalformedFile(faults)
    return dict(pairs)


def _repeated(pairs: list[tuple[str, Any]]) -> Iterator[Fault]:
    for name, times in Counter(name for name, _ in pairs).items():
        if times > 1:
            yield Fault((name,), f"it {times} times", "each field once")
