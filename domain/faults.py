"""What is wrong with an input: one line a fault, naming the field, what came and what it takes."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from pydantic import ValidationError

from domain.values import format_instant

SHOWN = 80


@dataclass(frozen=True)
class Fault:
    """One fault: the field's path, what came (None where nothing came), and what it takes."""

    path: tuple[str | int, ...]
    got: object
    takes: str

    @property
    def field(self) -> str:
        """The path as people write it: `commands[0].at`."""
        text = ""
        for part in self.path:
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
        return text or "(the whole)"

    def __str__(self) -> str:
        came = "nothing" if self.got is None else shown(self.got)
        return f"{self.field}: got {came}; takes {self.takes}"


def shown(value: object) -> str:
    """A value as one short printable line."""
    if isinstance(value, datetime):
        text = format_instant(value)
    else:
        try:
            text = ascii(value.value if isinstance(value, Enum) else value)
        except ValueError:
            text = "a number of thousands of digits"
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


_TAKES = {
    "missing": "a value; it is required",
    "extra_forbidden": "no such field; the known ones are in docs/scenarios.md",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "string_type": "text",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "tuple_type": "a list",
}


def faults_of(error: ValidationError) -> list[Fault]:
    """The faults that a model found, in this project's words."""
    faults = []
    for entry in error.errors(include_url=False):
        kind, context = entry["type"], entry.get("ctx", {})
        place = entry["loc"]
        path = tuple(part for index, part in enumerate(place) if part != "[key]" and not _is_tag(index, place))
        got = None if kind == "missing" else entry["input"]
        match kind:
            case "value_error":
                takes = str(context["error"]).removeprefix("takes ")
            case "enum" | "literal_error":
                takes = f"one of {context['expected'].replace(chr(39), '')}"
            case "string_pattern_mismatch":
                takes = "1 to 64 letters, digits, `_` or `-`"
            case "greater_than_equal":
                takes = f"{context['ge']} or more"
            case "less_than_equal":
                takes = f"{context['le']} or less"
            case "too_long":
                got, takes = context["actual_length"], f"at most {context['max_length']} entries"
            case "string_too_long":
                takes = f"at most {context['max_length']} characters"
            case "string_too_short":
                takes = f"{context['min_length']} characters or more"
            case "union_tag_invalid":
                takes = f"one of {context['expected_tags'].replace(chr(39), '')}"
                path, got = (*path, "do"), entry["input"].get("do")
            case "union_tag_not_found":
                path, got, takes = (*path, "do"), None, "the command's name"
            case _:
                takes = _TAKES.get(kind, entry["msg"])
        faults.append(Fault(path=path, got=got, takes=takes))
    return faults


def _is_tag(index: int, place: tuple[str | int, ...]) -> bool:
    """Pydantic puts a union's tag into the path, behind its index: `commands, 0, cancel, at`."""
    return index == 2 and place[0] == "commands" and isinstance(place[1], int)
