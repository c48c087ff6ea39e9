"""`export`: write running subscriptions as the rows that `import` takes."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.console import Console
from typer import Argument, Option

from cli.failure import Failure, Misused
from cli.options import Json, one_of, some_id, typed_wrong, with_options
from cli.printing.progress import Progress
from cli.printing.screen import counted, print_json, say
from cli.running import use
from cli.takeover.cells import FIELDS, cell_of
from cli.takeover.file import Format, format_of
from cli.takeover.importing import FormatOption
from domain.subscription.events import State
from domain.takeover.row import TakeoverRow
from perennial.takeover.exporting import ExportFilters, LeftOut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from perennial.use_cases import Perennial

KEY = "export"


@dataclass(frozen=True)
class Filtering(ExportFilters):
    """The filters as options."""

    customer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this customer.")] = None
    offer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this offer.")] = None
    state: Annotated[
        State | None, Option(parser=one_of(State), metavar="STATE", help="In this state: trial, active, suspended.")
    ] = None


@with_options
def export(
    filtering: Filtering,
    file: Annotated[Path | None, Argument(metavar="[FILE]", help="A new file.", show_default="the screen")] = None,
    kind: FormatOption = None,
    as_json: Json = False,
) -> None:
    """Write running subscriptions as the rows that `import` takes (MOV-5).

    Each is as of its last event in the books. What has ended is not written; what cannot be taken over elsewhere is
    counted on stderr. --json prints how many rows the file has, and what was left out.

    Example: export --customer contoso contoso.jsonl
    """
    chosen = format_of(file, kind) if file else kind or Format.JSONL
    if file is not None and os.path.lexists(file):
        raise typed_wrong("FILE", str(file), "a file that does not exist yet; remove it, or choose another name")
    if as_json and file is None:
        raise Misused(
            "--json prints what was written, so it takes a FILE. Without one the rows are printed: JSON lines."
        )
    left_out = LeftOut()
    with _opened(file) as stream:
        # Rows that run over the terminal show how far it is by themselves.
        far = Progress(Console(file=io.StringIO(), force_terminal=False)) if stream.isatty() else Progress()
        number = use(lambda perennial: _write(perennial, filtering, left_out, WRITERS[chosen](stream), far))
    if as_json:
        written = {"file": str(file), "subscriptions": number}
        print_json({**written, "left_out": dict(left_out.reasons), "invoices_left_out": left_out.invoices})
        return
    if file is not None:
        say(f"{file}: {counted(number, 'subscription')}.")
    for reason, times in left_out.reasons.items():
        say(f"Left out: {counted(times, 'subscription')} that {reason}.", stderr=True)
    if left_out.invoices:
        say(f"Left out: {counted(left_out.invoices, 'open invoice')} that charges none of these.", stderr=True)


@contextmanager
def _opened(file: Path | None) -> Iterator[TextIO]:
    """The stream to write to. A file that could not be written whole is removed again."""
    if file is None:
        yield sys.stdout
        return
    try:
        stream = file.open("x", encoding="utf-8", newline="")
    except OSError as error:
        raise Failure(f"{file} cannot be written: {error.strerror}. Choose another place.") from None
    try:
        with stream:
            yield stream
    except BaseException:
        file.unlink(missing_ok=True)
        raise


async def _write(
    perennial: Perennial,
    filters: ExportFilters,
    left_out: LeftOut,
    write: Callable[[TakeoverRow], None],
    far: Progress,
) -> int:
    number = 0
    with far as progress:
        progress.begin(KEY, "export subscriptions")
        pages: AsyncIterator[list[TakeoverRow]] = perennial.takeover_export.pages(filters, left_out)
        async for rows in pages:
            for row in rows:
                write(row)
            number += len(rows)
            progress.note(KEY, f"{number:,}")
        progress.end(KEY)
    return number


def _json_lines(stream: TextIO) -> Callable[[TakeoverRow], None]:
    def write(row: TakeoverRow) -> None:
        stream.write(json.dumps(_given(row)) + "\n")

    return write


def _table(stream: TextIO) -> Callable[[TakeoverRow], None]:
    def line(cells: list[str]) -> str:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerow(cells)
        return text.getvalue().removesuffix("\r\n") + "\n"

    stream.write(line(list(FIELDS)))

    def write(row: TakeoverRow) -> None:
        given = _given(row)
        stream.write(line([cell_of(name, given.get(name)) for name in FIELDS]))

    return write


def _given(row: TakeoverRow) -> dict[str, Any]:
    return row.model_dump(mode="json", exclude_none=True)


WRITERS: dict[Format, Callable[[TextIO], Callable[[TakeoverRow], None]]] = {
    Format.CSV: _table,
    Format.JSONL: _json_lines,
}
