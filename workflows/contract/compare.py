"""Two contracts compared: whatever may be sent under the one must be readable under the other.

A request is sent by others as the old contract says, and read by the new code. An answer is sent by the new code, and
read by others as the old contract says; they let unknown fields and values pass, as docs/contract/ asks of them.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from workflows.contract.change import Breaks, Change
from workflows.contract.interface import Kind, Schema

BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "minLength", "maxLength")
BOUNDS_OF_MANY = ("minItems", "maxItems", "minProperties", "maxProperties")
UNDERSTOOD = {
    *BOUNDS,
    *BOUNDS_OF_MANY,
    *("$ref", "anyOf", "oneOf", "type", "enum", "const", "pattern", "format", "properties", "required", "default"),
    *("items", "additionalProperties", "patternProperties", "discriminator", "title", "description"),
}
NULL = {"type": "null"}


def breaking(old: Schema, new: Schema | None) -> dict[Change, list[str]]:
    """What of the old bundle the new one breaks, each with the messages that show it; without a new one, all of it."""
    title = old["title"]
    if new is None:
        return {Change(Breaks.MESSAGE_REMOVED, title, "published", "not there", asked=True): [title]}
    found: dict[Change, list[str]] = {}
    if old["addressed"] != new["addressed"]:
        found[Change(Breaks.ADDRESS_CHANGED, "id", old["addressed"], new["addressed"], asked=True)] = [title]
    for kind, messages in old["messages"].items():
        for name, was in messages.items():
            place = f"{Kind(kind).one} {name}"
            now = new["messages"].get(kind, {}).get(name)
            if now is None:
                changes = [Change(Breaks.MESSAGE_REMOVED, place, "published", "not there", asked=True)]
            else:
                changes = [*_taken(old, new, was, now, place), *_given(old, new, was, now, place)]
            for change in dict.fromkeys(changes):
                found.setdefault(change, []).append(place)
    return found


def _taken(old: Schema, new: Schema, was: Schema, now: Schema, place: str) -> Iterator[Change]:
    was_optional, now_optional = "takes" not in was or "optional" in was, "takes" not in now or "optional" in now
    if was_optional and not now_optional:
        yield Change(Breaks.MADE_REQUIRED, place, "nothing need be sent", "takes an argument", asked=True)
    if "takes" in was and "takes" not in now:
        yield Change(Breaks.REMOVED, place, "takes an argument", "takes none", asked=True)
    if "then" in was and "then" not in now:
        yield Change(Breaks.REMOVED, place, "takes a second argument", "takes one", asked=True)
    for argument in ("takes", "then"):
        if argument in was and argument in now:
            yield from _Reading(old["$defs"], new["$defs"], asked=True).faults(was[argument], now[argument], place)


def _given(old: Schema, new: Schema, was: Schema, now: Schema, place: str) -> Iterator[Change]:
    if "gives" in was:
        reading = _Reading(new["$defs"], old["$defs"], asked=False)
        yield from reading.faults(now.get("gives", NULL), was["gives"], place)


class _Reading:
    """Whether what is sent can be read. For requests what is sent is the old schema, for answers the new one."""

    def __init__(self, sent_defs: Schema, read_defs: Schema, *, asked: bool) -> None:
        self._defs = (sent_defs, read_defs)
        self._asked = asked
        self._under_way: set[tuple[str, str]] = set()

    def faults(self, sent: Schema, read: Schema, place: str) -> list[Change]:
        """What can be sent and not be read."""
        pair = (sent.get("$ref", ""), read.get("$ref", ""))
        if all(pair):
            if pair in self._under_way:
                return []
            self._under_way.add(pair)
            try:
                return self._of_branches(sent, read, place)
            finally:
                self._under_way.remove(pair)
        return self._of_branches(sent, read, place)

    def _of_branches(self, sent: Schema, read: Schema, place: str) -> list[Change]:
        readable = list(_branches(read, self._defs[1]))
        found: list[Change] = []
        for name, branch in _branches(sent, self._defs[0]):
            where = name or place
            same = [each for own, each in readable if name and own == name]
            alike = same or [each for _, each in readable if _readable(_types(branch), _types(each))]
            if not alike:
                found.append(self._other_type(branch, sent, read, place))
                continue
            tried = [self._of_one(branch, each, where) for each in alike]
            fewest: list[Change] = min(tried, key=len)
            found += fewest
        return found

    def _other_type(self, branch: Schema, sent: Schema, read: Schema, place: str) -> Change:
        if branch.get("type") == "null" and not self._asked:
            return self._change(Breaks.NULLABLE, place, "may be null", "never null")
        return self._change(Breaks.TYPE_CHANGED, place, self._words(sent, 0), self._words(read, 1))

    def _of_one(self, sent: Schema, read: Schema, place: str) -> list[Change]:
        return [
            *self._values(sent, read, place),
            *self._bounds(sent, read, place),
            *self._forms(sent, read, place),
            *self._fields(sent, read, place),
            *self._members(sent, read, place),
            *self._rest(sent, read, place),
        ]

    def _values(self, sent: Schema, read: Schema, place: str) -> Iterator[Change]:
        if not self._asked or not (known := _enum(read)):
            return
        can_come = _enum(sent)
        if not can_come:
            yield self._change(Breaks.VALUE_REMOVED, place, "any value", f"only {_list(known)}")
        elif lost := [value for value in can_come if value not in known]:
            yield self._change(Breaks.VALUE_REMOVED, place, f"takes {_list(lost)}", f"takes only {_list(known)}")

    def _bounds(self, sent: Schema, read: Schema, place: str) -> Iterator[Change]:
        if not self._asked or _enum(sent):
            return
        for bound in (*BOUNDS, *BOUNDS_OF_MANY):
            limit, had = read.get(bound), sent.get(bound)
            if limit is None or (had is not None and (had >= limit if _lower(bound) else had <= limit)):
                continue
            if _implied(bound, limit, sent):
                continue
            yield self._change(Breaks.BOUND_NARROWED, place, f"{bound} {_said(had)}", f"{bound} {limit}")

    def _forms(self, sent: Schema, read: Schema, place: str) -> Iterator[Change]:
        for form in ("pattern", "format"):
            had, wanted = sent.get(form), read.get(form)
            if wanted is None or had == wanted or _enum(sent) or (had and _wider(had, wanted)):
                continue
            yield self._change(Breaks.PATTERN_CHANGED, place, f"{form} {_said(had)}", f"{form} {wanted}")

    def _fields(self, sent: Schema, read: Schema, place: str) -> Iterator[Change]:
        fields, known = sent.get("properties", {}), read.get("properties", {})
        always, wanted = set(sent.get("required", ())), set(read.get("required", ()))
        for name in fields if self._asked else known:
            if name not in (known if self._asked else fields):
                yield self._change(Breaks.REMOVED, f"{place}.{name}", *self._there_or_not())
        for name in sorted(wanted - always):
            if name in fields:
                kind = Breaks.MADE_REQUIRED if self._asked else Breaks.NOT_ALWAYS
                yield self._change(kind, f"{place}.{name}", "may be left out", "always there")
            elif self._asked:
                yield self._change(Breaks.NEW_REQUIRED, f"{place}.{name}", "not known", "required")
        for name in fields:
            if name not in known:
                continue
            yield from self.faults(fields[name], known[name], f"{place}.{name}")
            had, has = fields[name].get("default"), known[name].get("default")
            if self._asked and had != has and name not in wanted | always:
                yield self._change(Breaks.DEFAULT_CHANGED, f"{place}.{name}", _said(had), _said(has))
        if self._asked and fields and read.get("additionalProperties") is False and "additionalProperties" not in sent:
            yield self._change(Breaks.CLOSED, place, "unknown fields are ignored", "unknown fields are refused")

    def _there_or_not(self) -> tuple[str, str]:
        return ("taken", "not there") if self._asked else ("not there", "always there")

    def _members(self, sent: Schema, read: Schema, place: str) -> Iterator[Change]:
        if "items" in read:
            yield from self.faults(sent.get("items", {}), read["items"], f"{place}[]")
        (keys, values), (known, wanted) = _keyed(sent), _keyed(read)
        if wanted is not None:
            if known is not None and known != keys and not (keys and _wider(keys, known)):
                yield self._change(Breaks.PATTERN_CHANGED, f"{place}{{}}", f"keys {_said(keys)}", f"keys {known}")
            yield from self.faults(values or {}, wanted, f"{place}{{}}")

    def _rest(self, sent: Schema, read: Schema, place: str) -> Iterator[Change]:
        for keyword in sorted(read.keys() - UNDERSTOOD):
            if sent.get(keyword) != read[keyword]:
                words = (f"{keyword} {_said(sent.get(keyword))}", f"{keyword} {_said(read[keyword])}")
                yield self._change(Breaks.UNKNOWN, place, *words)

    def _change(self, kind: Breaks, place: str, sent: str, read: str) -> Change:
        was, now = (sent, read) if self._asked else (read, sent)
        return Change(kind, place, was, now, self._asked)

    def _words(self, schema: Schema, side: int) -> str:
        return " or ".join(
            name or "/".join(sorted(_types(each))) or "any" for name, each in _branches(schema, self._defs[side])
        )


def _branches(schema: Schema, defs: Schema) -> Iterator[tuple[str, Schema]]:
    """The schema's alternatives with their models' names, each of one type and without references."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        for inner, branch in _branches(defs[name], defs):
            yield inner or _model(name), branch
        return
    several = schema.get("anyOf") or schema.get("oneOf")
    if several:
        beside = {key: value for key, value in schema.items() if key not in {"anyOf", "oneOf", "default"}}
        for each in several:
            for name, branch in _branches(each, defs):
                required = sorted({*branch.get("required", ()), *beside.get("required", ())})
                yield name, {**branch, **beside, **({"required": required} if required else {})}
    elif isinstance(schema.get("type"), list):
        for one in schema["type"]:
            yield "", {**schema, "type": one}
    else:
        yield "", schema


def _model(name: str) -> str:
    return name.removesuffix("-Input").removesuffix("-Output")


def _types(schema: Schema) -> frozenset[str]:
    """The types of a branch: a number may be an integer."""
    if "type" not in schema:
        return frozenset(_type_of(value) for value in _enum(schema))
    return frozenset({schema["type"], "integer"} if schema["type"] == "number" else {schema["type"]})


def _readable(sent: frozenset[str], read: frozenset[str]) -> bool:
    """Whether a reader of these types, or of any where there is none, can read what is sent."""
    return not read or (bool(sent) and sent <= read)


def _type_of(value: object) -> str:
    names: dict[type, str] = {bool: "boolean", int: "integer", str: "string", type(None): "null"}
    return names.get(type(value), "number")


def _enum(schema: Schema) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _lower(bound: str) -> bool:
    return bound.startswith(("min", "exclusiveMin"))


def _implied(bound: str, limit: int, sent: Schema) -> bool:
    """Whether the other form of the bound, with or without the limit itself, keeps what is sent within it."""
    match bound:
        case "maximum":
            return bool(sent.get("exclusiveMaximum", limit + 2) <= limit + (sent.get("type") == "integer"))
        case "exclusiveMaximum":
            return bool(sent.get("maximum", limit) < limit)
        case "minimum":
            return bool(sent.get("exclusiveMinimum", limit - 2) >= limit - (sent.get("type") == "integer"))
        case "exclusiveMinimum":
            return bool(sent.get("minimum", limit) > limit)
        case _:
            return bool(limit == 0 and _lower(bound))


def _keyed(schema: Schema) -> tuple[str | None, Schema | None]:
    """The pattern of a mapping's keys, where it has one, and what its values are."""
    for pattern, values in schema.get("patternProperties", {}).items():
        return pattern, values
    values = schema.get("additionalProperties")
    return None, values if isinstance(values, dict) else None


def _wider(narrow: str, wide: str) -> bool:
    """Whether a pattern is another one with the numbers of repeats further apart, and so takes all that it takes."""
    repeats = re.compile(r"\{(\d+),(\d+)\}")
    if repeats.sub("{}", narrow) != repeats.sub("{}", wide):
        return False
    pairs = zip(repeats.findall(narrow), repeats.findall(wide), strict=True)
    return all(int(low) >= int(least) and int(high) <= int(most) for (low, high), (least, most) in pairs)


def _said(value: object) -> str:
    return "none" if value is None else json.dumps(value)


def _list(values: list[Any]) -> str:
    return ", ".join(json.dumps(value) for value in values)
