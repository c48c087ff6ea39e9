"""Questions about one JSON Schema: its alternatives, types, values, bounds and keys."""

import json
import re
from collections.abc import Iterator
from typing import Any

from workflows.contract.interface import Schema

_TYPES: dict[type, str] = {bool: "boolean", int: "integer", str: "string", type(None): "null"}


def branches(schema: Schema, defs: Schema) -> Iterator[tuple[str, Schema]]:
    """The schema's alternatives with their models' names, each of one type and without references."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        for inner, branch in branches(defs[name], defs):
            yield inner or name.removesuffix("-Input").removesuffix("-Output"), branch
        return
    several = schema.get("anyOf") or schema.get("oneOf")
    if several:
        beside = {key: value for key, value in schema.items() if key not in {"anyOf", "oneOf", "default"}}
        for each in several:
            for name, branch in branches(each, defs):
                required = sorted({*branch.get("required", ()), *beside.get("required", ())})
                yield name, {**branch, **beside, **({"required": required} if required else {})}
    elif isinstance(schema.get("type"), list):
        for one in schema["type"]:
            yield "", {**schema, "type": one}
    else:
        yield "", schema


def types(schema: Schema) -> frozenset[str]:
    """The types of a branch: a number may be an integer."""
    if "type" not in schema:
        return frozenset(_TYPES.get(type(value), "number") for value in values(schema))
    return frozenset({schema["type"], "integer"} if schema["type"] == "number" else {schema["type"]})


def can_read(sent: frozenset[str], read: frozenset[str]) -> bool:
    """Whether a reader of these types, or of any where there is none, can read what is sent."""
    return not read or (bool(sent) and sent <= read)


def values(schema: Schema) -> list[Any]:
    """The values that the schema lists; none where it takes any."""
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def is_lower(bound: str) -> bool:
    """Whether the bound is a least one."""
    return bound.startswith(("min", "exclusiveMin"))


_REPEATED = r"\^\[[^\]\\]+\]\{(\d+),(\d+)\}\$"


def implied(bound: str, limit: int, sent: Schema) -> bool:
    """Whether another form of the bound keeps what is sent within it: with or without the limit itself, or a pattern.

    A pattern bounds lengths where it is one class of characters, repeated: `^[a-z]{1,64}$`.
    """
    match bound:
        case "maximum":
            return bool(sent.get("exclusiveMaximum", limit + 2) <= limit + (sent.get("type") == "integer"))
        case "exclusiveMaximum":
            return bool(sent.get("maximum", limit) < limit)
        case "minimum":
            return bool(sent.get("exclusiveMinimum", limit - 2) >= limit - (sent.get("type") == "integer"))
        case "exclusiveMinimum":
            return bool(sent.get("minimum", limit) > limit)
        case "minLength" | "maxLength" if repeated := re.fullmatch(_REPEATED, sent.get("pattern", "")):
            return int(repeated[1]) >= limit if is_lower(bound) else int(repeated[2]) <= limit
        case _:
            return bool(limit == 0 and is_lower(bound))


def keyed(schema: Schema) -> tuple[str | None, Schema | None]:
    """The pattern of a mapping's keys, where it has one, and what its values are."""
    for pattern, fitting in schema.get("patternProperties", {}).items():
        return pattern, fitting
    other = schema.get("additionalProperties")
    return None, other if isinstance(other, dict) else None


def wider(narrow: str, wide: str) -> bool:
    """Whether a pattern is another one with the numbers of repeats further apart, and so takes all that it takes."""
    repeats = re.compile(r"\{(\d+),(\d+)\}")
    if repeats.sub("{}", narrow) != repeats.sub("{}", wide):
        return False
    pairs = zip(repeats.findall(narrow), repeats.findall(wide), strict=True)
    return all(int(low) >= int(least) and int(high) <= int(most) for (low, high), (least, most) in pairs)


def as_text(value: object) -> str:
    """A value of a schema for people, `none` where it is missing."""
    return "none" if value is None else json.dumps(value)


def as_list(several: list[Any]) -> str:
    """Values of a schema for people."""
    return ", ".join(json.dumps(value) for value in several)
