"""One catalog file as read: its records as plain data, and the line of each value."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from domain.catalog.catalog import Contents
from domain.catalog.publishers import Delivery
from domain.faults import CATALOG, Fault, shown
from domain.notification import DeliveryTerms
from hosting.files.secrets import without_secrets
from hosting.files.yaml import Place, read

MAX_YAML_BYTES = 4 * 1024 * 1024
MAX_YAML_VALUES = 1_000_000
KINDS = tuple(Contents.model_fields)
"""`partners`, `customers`, `offers`, `publishers`, `tax_rates`."""

_SCHEME = re.compile(r"[a-z]{1,10}://")
_PLAIN = (frozenset(Delivery.model_fields) | frozenset(DeliveryTerms.model_fields) | {"active"}) - {"url", "terms"}
"""The fields of a publisher whose values may be shown in a message."""


@dataclass(frozen=True)
class Source:
    """One file. Paths start with the kind and the record's index in this file, such as `("offers", 3, "term")`.

    `rows` says that the file is a table: faults then name a record by its line alone.
    """

    name: str
    records: dict[str, list[object]] = field(default_factory=dict)
    lines: dict[Place, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    rows: bool = False

    @cached_property
    def _ranks(self) -> dict[Place, int]:
        return {path: rank for rank, path in enumerate(self.lines)}

    def position(self, path: Place) -> tuple[int, int]:
        """Return the line of the value, or of what contains it, and its rank in the file's order.

        The line is 0 for the file as a whole.
        """
        for length in range(len(path), 0, -1):
            if (found := self.lines.get(path[:length])) is not None:
                return found, self._ranks[path[:length]]
        return 0, 0

    def describe(self, fault: Fault) -> str:
        """Return the fault as one line: the place, the field, the value, and what it takes."""
        (line, _), path = self.position(fault.path), fault.path
        where = f"{self.name}:{line}" if line else self.name
        if path and str(path[0]).startswith("line "):
            path = (str(path[0]).partition(", ")[2],)
        elif self.rows and path[:1] and path[0] in KINDS:
            path = path[2:] or ("cells",)
        got = _hidden(fault.got) if _may_be_secret(fault) else "nothing" if fault.got is None else shown(fault.got)
        field = f"{Fault(path, None, '').field}: " if path else ""
        return without_secrets(f"{where}: {field}got {got}; takes {fault.takes}")


def _hidden(got: object) -> str:
    """Of an address the scheme, of anything else nothing."""
    scheme = _SCHEME.match(str(got))
    return f"{scheme[0] if scheme else ''}..."


def _may_be_secret(fault: Fault) -> bool:
    """Whether the value may be a publisher's secret in the wrong place, or an address with a key."""
    if fault.path[:1] != ("publishers",) or fault.got is None or fault.takes.startswith("one value"):
        return False
    field = next((part for part in reversed(fault.path) if isinstance(part, str)), None)
    return field not in _PLAIN and not fault.takes.endswith("entries")


def yaml_source(file: Path) -> Source:
    """Read a YAML file: a mapping with any of the kinds, each a list of records."""
    found = read(file, max_bytes=MAX_YAML_BYTES, max_values=MAX_YAML_VALUES)
    faults, records = list(found.faults), {}
    if isinstance(found.data, dict) and found.data:
        for key, value in found.data.items():
            if key not in KINDS:
                faults.append(Fault((key,), value, f"no such field; the known ones are in {CATALOG}"))
            elif value is not None and not isinstance(value, list):
                faults.append(Fault((key,), value, "a list"))
            else:
                records[key] = value or []
    elif not faults:
        faults.append(Fault((), found.data or None, f"a mapping with any of {', '.join(KINDS)}"))
    return Source(name=str(file), records=records, lines=found.lines, faults=faults)
