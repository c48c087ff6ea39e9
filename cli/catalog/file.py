"""Read catalog files into contents to import, with one line per fault in them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from cli.catalog.csv import MODELS, csv_source
from cli.catalog.source import KINDS, Source, yaml_source
from cli.failure import Misused
from domain.catalog.catalog import Contents, ListedOffer
from domain.catalog.importing import repeated
from domain.catalog.publishers import ListedPublisher
from domain.faults import CATALOG, Fault, faults_of, listed
from domain.taxes.table import ListedTax

_MODELS: dict[str, type[BaseModel]] = {**MODELS, "publishers": ListedPublisher, "tax_rates": ListedTax}


@dataclass(frozen=True)
class CatalogFiles:
    """The contents of several files together. `origins` has each record's file and its index there."""

    contents: Contents
    origins: dict[str, list[tuple[Source, int]]]
    sources: list[Source]

    def misused(self, faults: Iterable[Fault]) -> Misused:
        """Return the error that lists faults of the contents by file and line, in the order of the files."""
        return _misused(self.sources, (_located(self.origins, fault) for fault in faults))


def read_catalog(files: Sequence[Path]) -> CatalogFiles:
    """Read all files. Raises Misused with every fault that can be found without the catalog."""
    sources = [csv_source(file) if file.suffix.lower() == ".csv" else yaml_source(file) for file in files]
    located = [(source, fault) for source in sources for fault in source.faults]
    known = {(id(source), fault.path) for source, fault in located}
    origins: dict[str, list[tuple[Source, int]]] = {}
    records: dict[str, tuple[Any, ...]] = {}
    for kind in KINDS:
        origins[kind] = [(source, n) for source in sources for n in range(len(source.records.get(kind, ())))]
        raw = [source.records[kind][number] for source, number in origins[kind]]
        records[kind], faults = _checked(kind, raw)
        # What the file's reader could not read is not reported again as missing.
        found = (_located(origins, fault) for fault in faults)
        located += [(source, fault) for source, fault in found if not _is_known(known, source, fault)]
    if located:
        raise _misused(sources, located)
    return CatalogFiles(contents=Contents.model_validate(records), origins=origins, sources=sources)


def _checked(kind: str, raw: list[object]) -> tuple[tuple[Any, ...], list[Fault]]:
    """The valid records, and the faults of the others."""
    records, faults = [], []
    for index, data in enumerate(raw):
        try:
            record = _MODELS[kind].model_validate_json(json.dumps(data))
        except ValidationError as error:
            faults += [fault.under(kind, index) for fault in faults_of(error, CATALOG)]
            continue
        records.append(record)
        if isinstance(record, ListedOffer | ListedTax):
            faults += [fault.under(kind, index) for fault in record.faults()]
    faults += repeated(kind, [data.get("id") if isinstance(data, dict) else None for data in raw])
    return tuple(records), faults


def _located(origins: dict[str, list[tuple[Source, int]]], fault: Fault) -> tuple[Source, Fault]:
    """The fault with the path that it has in its own file."""
    kind, index = str(fault.path[0]), fault.path[1]
    assert isinstance(index, int)
    source, number = origins[kind][index]
    return source, fault._replace(path=(kind, number, *fault.path[2:]))


def _is_known(known: set[tuple[int, tuple[str | int, ...]]], source: Source, fault: Fault) -> bool:
    return any((id(source), fault.path[:length]) in known for length in range(len(fault.path) + 1))


def _misused(sources: list[Source], located: Iterable[tuple[Source, Fault]]) -> Misused:
    order = {id(source): number for number, source in enumerate(sources)}
    found = sorted(located, key=lambda pair: (order[id(pair[0])], *pair[0].position(pair[1].path)))
    return Misused(*listed(found, lambda of: of[0].describe(of[1])))
