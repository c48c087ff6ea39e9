"""A file of usage reports: CSV, one report per line; every fault with its line."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from cli.failure import Misused
from domain.faults import Fault, MalformedFile, faults_of, listed
from domain.subscription.commands import ReportUsage
from hosting.files.yaml import text_of

MAX_BYTES = 64 * 1024 * 1024
REQUIRED, OPTIONAL = ("usage_id", "units"), ("used_at", "corrects")


def reports_in(file: Path, *, by: str, actor: str | None) -> list[ReportUsage]:
    """All the file's reports, each usage id once. Raises Misused with one line per fault."""
    try:
        text = text_of(file, MAX_BYTES)
    except MalformedFile as malformed:
        raise Misused(*listed(malformed.faults, lambda fault: f"{file}: {fault}")) from None
    table = csv.reader(io.StringIO(text), strict=True)
    reports, faults = [], []
    try:
        headings = next(table, [])
        _check_columns(file, headings)
        for cells in table:
            place = f"{file}:{table.line_num}"
            if len(cells) != len(headings):
                faults.append(f"{place}: got {len(cells)} cells; takes {len(headings)}, one a column")
                continue
            row = {name: cell for name, cell in zip(headings, cells, strict=True) if cell or name in REQUIRED}
            try:
                reports.append(ReportUsage.model_validate({"by": by, "actor": actor, **row}))
            except ValidationError as error:
                faults += [f"{place}: {fault}" for fault in faults_of(error)]
    except csv.Error as error:
        raise Misused(f"{file}:{table.line_num}: cannot be read as CSV ({error})") from None
    if faults:
        raise Misused(*listed(faults))
    if not reports:
        raise Misused(f"{file}: got no reports; takes one line each, under the headings {', '.join(REQUIRED)}")
    return list(_once(file, reports))


def _check_columns(file: Path, found: list[str]) -> None:
    faults = [Fault((name,), None, "a column; it is required") for name in REQUIRED if name not in found]
    known = f"{', '.join(REQUIRED)}; {', '.join(OPTIONAL)} (optional)"
    for name, times in Counter(found).items():
        if name not in (*REQUIRED, *OPTIONAL):
            faults.append(Fault((name or "columns",), name, f"a column of usage reports: {known}"))
        elif times > 1:
            faults.append(Fault((name,), f"{times} columns", "each column once"))
    if faults:
        raise Misused(*listed(faults, lambda fault: f"{file}:1: {fault}"))


def _once(file: Path, reports: list[ReportUsage]) -> Iterator[ReportUsage]:
    """Each id once. Raises Misused where the file has an id with different content."""
    known: dict[str, ReportUsage] = {}
    for report in reports:
        first = known.setdefault(report.usage_id, report)
        if (first.units, first.corrects) != (report.units, report.corrects):
            raise Misused(
                f"{file}: usage_id {report.usage_id}: got {_content(first)} and {_content(report)}; takes one"
            )
    yield from known.values()


def _content(report: ReportUsage) -> str:
    return f"{report.units:f} units" + (f" in place of {report.corrects}" if report.corrects else "")
