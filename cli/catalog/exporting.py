"""`catalog export`: write the catalog as the files that `catalog import` takes."""

import csv
import io
import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import yaml
from typer import Argument

from cli.catalog.csv import BETWEEN, LISTS, MAX_CSV_BYTES, MODELS, PRICED
from cli.catalog.source import KINDS, MAX_YAML_BYTES
from cli.failure import Failure, Misused
from cli.options import Json, misused
from cli.printing.screen import counted, print_json, say
from cli.running import use
from cli.start import program
from domain.catalog.catalog import Contents
from domain.faults import Fault
from domain.values import without_defaults

Files = Annotated[
    list[Path] | None,
    Argument(
        metavar="[FILE]...",
        help="partners.csv, customers.csv and offers.csv, each for its kind; a .yaml file for all other kinds.",
        show_default="YAML on the screen",
    ),
]


def export(files: Files = None, as_json: Json = False) -> None:
    """Export the catalog as files that `catalog import` takes.

    Without a file it is printed as YAML. Imported into an empty database they give the same catalog. A publisher's
    address may hold a key: keep the files as you keep that.

    Example: catalog export customers.csv offers.csv rest.yaml
    """
    places = _places(files or [])
    contents = use(lambda perennial: perennial.catalog.contents())
    if as_json:
        print_json(_plain(contents, KINDS))
    elif not places:
        _say_yaml(contents)
    else:
        _write(contents, places)


def _places(files: list[Path]) -> dict[Path, tuple[str, ...]]:
    """The kinds of records that each file gets. Raises Misused for a file that cannot be written."""
    kinds = {file: (file.stem,) for file in files if file.suffix.lower() == ".csv"}
    rest = tuple(kind for kind in KINDS if (kind,) not in kinds.values())
    places = {file: kinds.get(file, rest) for file in files}
    faults = list(_faults(files))
    if faults:
        raise misused(faults)
    return places


def _faults(files: list[Path]) -> Iterable[Fault]:
    takes = f"{', '.join(f'{kind}.csv' for kind in MODELS)}, each once, and a file that ends in .yaml"
    if sum(map(_is_yaml, files)) > 1:
        yield Fault(("FILE",), "several YAML files", "one, for all kinds that no CSV file has")
    kinds = Counter(file.stem for file in files if file.suffix.lower() == ".csv")
    for file in files:
        is_table = file.suffix.lower() == ".csv"
        if (is_table and (file.stem not in MODELS or kinds[file.stem] > 1)) or not (is_table or _is_yaml(file)):
            yield Fault(("FILE",), str(file), takes)
        elif os.path.lexists(file):
            yield Fault(("FILE",), str(file), "a file that does not exist yet; remove it, or choose another name")
        elif not file.parent.is_dir():
            yield Fault(("FILE",), str(file), "a file in a directory that exists")


def _is_yaml(file: Path) -> bool:
    return file.suffix.lower() in {".yaml", ".yml"}


def _say_yaml(contents: Contents) -> None:
    as_unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf8")
    text = _yaml(contents, KINDS, as_unicode=as_unicode)
    _within("The whole catalog", text, MAX_YAML_BYTES)
    sys.stdout.write(text)


def _write(contents: Contents, places: dict[Path, tuple[str, ...]]) -> None:
    texts: dict[Path, str] = {}
    for file, kinds in places.items():
        is_table = file.suffix.lower() == ".csv"
        texts[file] = _table(contents, kinds[0]) if is_table else _yaml(contents, kinds, as_unicode=True)
        _within(str(file), texts[file], MAX_CSV_BYTES if is_table else MAX_YAML_BYTES)
    for file, text in texts.items():
        try:
            with file.open("x", encoding="utf-8", newline="") as opened:
                opened.write(text)
        except OSError as error:
            raise Failure(f"{file} cannot be written: {error.strerror}. Choose another place.") from None
    for file, kinds in places.items():
        held = ", ".join(counted(len(getattr(contents, kind)), kind[:-1].replace("_", " ")) for kind in kinds)
        say(f"{file}: {held or 'nothing: its kinds have files of their own'}.")
    written = {kind for kinds in places.values() for kind in kinds}
    left = [counted(len(getattr(contents, kind)), kind[:-1].replace("_", " ")) for kind in KINDS if kind not in written]
    if any(getattr(contents, kind) for kind in KINDS if kind not in written):
        say(f"Left out: {', '.join(left)}. Add a file that ends in .yaml to have them too.", stderr=True)


def _within(name: str, text: str, limit: int) -> None:
    """Raise Misused for a text that an import would not take."""
    size = len(text.encode())
    if size > limit:
        instead = f"Export its kinds as CSV: {program()} catalog export customers.csv offers.csv partners.csv rest.yaml"
        got = f"{name} comes to {size // 1024:,} KiB, and an import takes {limit // 1024:,} KiB"
        raise Misused(f"{got}. {instead}" if limit == MAX_YAML_BYTES else f"{got}.")


def _plain(contents: Contents, kinds: Iterable[str]) -> dict[str, Any]:
    return {kind: [without_defaults(record) for record in getattr(contents, kind)] for kind in kinds}


def _yaml(contents: Contents, kinds: Iterable[str], *, as_unicode: bool) -> str:
    data = {kind: records for kind, records in _plain(contents, kinds).items() if records}
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=as_unicode, width=120) if data else "{}\n"


def _table(contents: Contents, kind: str) -> str:
    """The records as CSV. Raises Failure where a cell cannot hold a value."""
    records = [without_defaults(record) for record in getattr(contents, kind)]
    given = {name for record in records for name in record}
    fields: dict[str, Any] = MODELS[kind].model_fields
    columns = [name for name, field in fields.items() if name in given or field.is_required()]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(record["id"], name, record.get(name)) for name in columns] for record in records)
    return text.getvalue()


def _cell(of: str, name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in LISTS:
        return BETWEEN.join(value)
    if name in PRICED:
        key, _ = PRICED[name]
        if any("currency" in entry for entry in value):
            raise Failure(f"Offer {of}: a CSV file has no currency of add-ons. Export the offers to a .yaml file.")
        return BETWEEN.join(f"{entry[key]}={entry['unit_price']}" for entry in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
