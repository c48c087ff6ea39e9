"""Faults in an input: one line per fault, with the field, the value that came and what the field takes."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from domain.values import format_instant

SHOWN = 80
"""The longest value or name that a fault shows, in characters."""
LISTED = 20
"""At most so many faults of one input are listed; a last line says how many more there are."""
F = TypeVar("F")
SCENARIOS, CATALOG = "docs/scenarios.md", "docs/catalog.md"
"""The pages that describe the fields of each kind of file."""


class Fault(NamedTuple):
    """One fault: the path of the field, the value that came (None if none came), and what the field takes."""

    path: tuple[str | int, ...]
    got: object
    takes: str

    @property
    def field(self) -> str:
        """The path as text, such as `commands[0].at`."""
        text = ""
        for part in self.path:
            word = _short(str(part))
            text += f"[{part}]" if isinstance(part, int) else f".{word}" if text else word
        return text or "(the whole)"

    def under(self, *prefix: str | int) -> "Fault":
        """Return the fault as one of the value at that path, which holds this one."""
        return self._replace(path=(*prefix, *self.path))

    def __str__(self) -> str:
        came = "nothing" if self.got is None else shown(self.got)
        return f"{self.field}: got {came}; takes {self.takes}"


class MalformedFile(Exception):
    """A file that cannot be used, with every fault found in it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(listed(faults)))
        self.faults = faults


def listed(faults: Sequence[F], line: Callable[[F], str] = str) -> list[str]:
    """Return one line for each of the first faults, and a last line that says how many more there are."""
    more = len(faults) - LISTED
    return [*map(line, faults[:LISTED]), *([f"and {more:,} more fault{'s' * (more > 1)}"] if more > 0 else [])]


def shown(value: object) -> str:
    """The value as one short, printable line."""
    if isinstance(value, datetime):
        text = format_instant(value)
    elif isinstance(value, Decimal):
        text = f"{value:f}"
    elif isinstance(value, date):
        text = value.isoformat()
    else:
        try:
            text = ascii(value.value if isinstance(value, Enum) else value)
        except ValueError:
            text = "a number of thousands of digits"
    return _short(text)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


_TAKES = {
    "missing": "a value; it is required",
    **dict.fromkeys(("int_type", "int_from_float"), "a whole number"),
    "bool_type": "true or false",
    "string_type": "text",
    **dict.fromkeys(("dict_type", "model_type"), "a mapping"),
    "tuple_type": "a list",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "too_long": "at most {max_length} entries",
    "too_short": "{min_length} or more entries",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "{min_length} or more characters",
}


def faults_of(error: ValidationError, page: str = SCENARIOS) -> list[Fault]:
    """The faults of a failed validation, in our words; `page` describes the known fields."""
    faults: list[Fault] = []
    # The paths of the faults and of what contains them.
    faulty: set[tuple[str | int, ...]] = set()
    for entry in error.errors(include_url=False):
        kind, context = entry["type"], entry.get("ctx", {})
        place = entry["loc"]
        path = tuple(part for index, part in enumerate(place) if part != "[key]" and not _is_tag(index, place))
        got = None if kind == "missing" else entry["input"]
        match kind:
            case "value_error":
                takes = str(context["error"]).removeprefix("takes ")
            case "extra_forbidden":
                takes = f"no such field; the known ones are in {page}"
            case "enum" | "literal_error":
                takes = f"one of {context['expected'].replace(chr(39), '')}"
            case "string_pattern_mismatch":
                longest = re.search(r"\{1,(\d+)\}", context["pattern"])
                takes = f"1 to {longest[1] if longest else 64} letters, digits, `_` or `-`"
            case "too_long" | "too_short":
                got, takes = context["actual_length"], _TAKES[kind].format_map(context)
            case "union_tag_invalid":
                takes = f"one of {context['expected_tags'].replace(chr(39), '')}"
                path, got = (*path, "do"), entry["input"].get("do")
            case "union_tag_not_found":
                path, got, takes = (*path, "do"), None, "the command's name"
            case _:
                takes = _TAKES[kind].format_map(context) if kind in _TAKES else entry["msg"]
        if kind != "too_short" or path not in faulty:
            faults.append(Fault(path=path, got=got, takes=takes))
            faulty.update(path[:length] for length in range(len(path) + 1))
    return faults


def _is_tag(index: int, place: tuple[str | int, ...]) -> bool:
    """Whether this part of the path is a union's tag, which pydantic adds: `cancel` in `commands, 0, cancel, at`."""
    return index == 2 and place[0] == "commands" and isinstance(place[1], int)
