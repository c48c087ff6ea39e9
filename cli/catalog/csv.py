"""Read a catalog file in CSV format: records of one kind, one per line, as a spreadsheet writes them."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from cli.catalog.source import KINDS, Source
from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Customer, Partner
from domain.faults import Fault, MalformedFile
from hosting.files.yaml import Place, text_of

MAX_CSV_BYTES = 16 * 1024 * 1024
MODELS: dict[str, type[BaseModel]] = {"partners": Partner, "customers": Customer, "offers": ListedOffer}
"""The kinds of records that a table can hold; publishers have nested fields, so they are in YAML only."""
LISTS = {"segments", "countries", "exclusive_to"}
PRICED = {"add_ons": ("id", "ID=PRICE, such as backup=2.50"), "prices": ("at", "INSTANT=PRICE, separated by `;`")}
SWITCHES = {"one_per_customer", "in_programme", "transactable"}
NUMBERS = {"trial_days", "announce_days", "min_quantity", "max_quantity"}
_NUMBER = re.compile(r"[-+]?[0-9]{1,18}")
BETWEEN = ";"


def csv_source(file: Path) -> Source:
    """Read the file's records. Their kind follows from the file's name, or from its columns."""
    try:
        text = text_of(file, MAX_CSV_BYTES)
    except MalformedFile as malformed:
        return Source(name=str(file), faults=malformed.faults, rows=True)
    return _Table(file).source(text)


class _Table:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._lines: dict[Place, int] = {}
        self._faults: list[Fault] = []
        self._records: list[object] = []
        self._line = 0

    def source(self, text: str) -> Source:
        rows = self._rows(text)
        kind = KINDS[0]
        try:
            first = next(rows, None)
            if first is None:
                self._fault((), 0, None, "a line with the column names, then one line per record")
            else:
                line, header = first[0], [name.strip() for name in first[1]]
                kind = _kind(self._file, header)
                if self._file.stem == "publishers":
                    self._fault((), 0, "a table", "publishers in a YAML file only: they have nested fields")
                elif self._takes(header, kind, line):
                    for line, cells in rows:
                        self._row(kind, header, line, cells)
        except csv.Error as error:
            self._fault(("row",), self._line, None, f"CSV ({error})")
        return Source(str(self._file), {kind: self._records}, self._lines, self._faults, rows=True)

    def _rows(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Yield each row with the number of its first line."""
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        self._line = 1
        for cells in reader:
            if cells:
                yield self._line, cells
            self._line = reader.line_num + 1

    def _fault(self, path: Place, line: int, got: object, takes: str) -> None:
        self._faults.append(Fault(path=path, got=got, takes=takes))
        if line:
            self._lines[path] = line

    def _takes(self, header: list[str], kind: str, line: int) -> bool:
        """Whether the columns are those of this kind of record. Notes the faults."""
        fields = MODELS[kind].model_fields
        if len(header) == 1 and re.search(r"[;\t]", header[0]):
            self._fault(("columns",), line, header[0], "column names separated by commas")
            return False
        for name, times in Counter(header).items():
            if name not in fields:
                self._fault((name or "columns",), line, name, f"a column of {kind}: {', '.join(fields)}")
            elif times > 1:
                self._fault((name,), line, f"{times} columns", "each column once")
        for name, known in fields.items():
            if known.is_required() and name not in header:
                self._fault((name,), line, None, "a column; it is required")
        return not self._faults

    def _row(self, kind: str, header: list[str], line: int, cells: list[str]) -> None:
        if not any(cell.strip() for cell in cells):
            return
        place: Place = (kind, len(self._records))
        self._lines[place] = line
        if len(cells) != len(header):
            self._faults.append(Fault(place, len(cells), f"{len(header)}, one per column"))
            self._records.append(None)
            return
        given = zip(header, (cell.strip() for cell in cells), strict=True)
        self._records.append({name: self._value(name, cell, (*place, name)) for name, cell in given if cell})

    def _value(self, name: str, cell: str, path: Place) -> object:
        if name in SWITCHES:
            return {"true": True, "false": False}.get(cell.lower(), cell)
        if name in NUMBERS:
            return int(cell) if _NUMBER.fullmatch(cell) else cell
        if name in LISTS:
            return [entry.strip() for entry in cell.split(BETWEEN)]
        if name in PRICED:
            return [self._priced(name, entry.strip(), (*path, n)) for n, entry in enumerate(cell.split(BETWEEN))]
        return cell

    def _priced(self, name: str, entry: str, path: Place) -> object:
        key, takes = PRICED[name]
        left, equals, price = entry.partition("=")
        if not (left.strip() and equals and price.strip()):
            self._faults.append(Fault(path, entry, takes))
            return None
        return {key: left.strip(), "unit_price": price.strip()}


def _kind(file: Path, header: list[str]) -> str:
    """Return the kind of the records: by the file's name if that is a kind, else by its columns."""
    if file.stem in MODELS:
        return file.stem
    for kind in ("offers", "customers"):
        others = {name for other, model in MODELS.items() if other != kind for name in model.model_fields}
        if set(header) & (set(MODELS[kind].model_fields) - others):
            return kind
    return "partners"
