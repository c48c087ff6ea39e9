"""A table for accountants: CSV on stdout, amounts as plain decimals, instants in ISO 8601 UTC."""

import csv
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

from typer import Option

Csv = Annotated[bool, Option("--csv", help="Print a CSV table, for a spreadsheet.")]


def print_csv(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """One line a row. No cell begins as a formula would: ids are letters, digits, `_` and `-`."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(headings)
    for row in rows:
        table.writerow([_harmless(cell) for cell in row])


def one_format(*, as_json: bool, as_csv: bool, as_html: bool = False) -> None:
    """Raise Misused where more than one format is asked for."""
    from cli.failure import Misused

    asked = [name for name, wanted in (("--json", as_json), ("--csv", as_csv), ("--html", as_html)) if wanted]
    if len(asked) > 1:
        raise Misused(f"{' and '.join(asked)} are formats: give one of them.")


def _harmless(cell: object) -> object:
    """An id may begin with `-`, which a spreadsheet would read as a formula."""
    if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@"}:
        try:
            float(cell)
        except ValueError:
            return f"'{cell}"
    return cell
