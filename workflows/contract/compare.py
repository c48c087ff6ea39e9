"""Two contracts compared: whatever may be sent under the one must be readable under the other.

A request is sent by others as the old contract says, and read by the new code. An answer is sent by the new code, and
read by others as the old contract says; they let unknown fields and values pass, as docs/contract/ asks of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from workflows.contract import schema_parts as parts
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


class Breaks(StrEnum):
    """The kind of a breaking change."""

    MESSAGE_REMOVED = "message removed"
    ADDRESS_CHANGED = "address changed"
    REMOVED = "field removed"
    NEW_REQUIRED = "new required field"
    MADE_REQUIRED = "made required"
    VALUE_REMOVED = "value removed"
    BOUND_NARROWED = "bound narrowed"
    PATTERN_CHANGED = "pattern changed"
    TYPE_CHANGED = "type changed"
    DEFAULT_CHANGED = "default changed"
    CLOSED = "unknown fields refused"
    NOT_ALWAYS = "not always there"
    NULLABLE = "may be null"
    UNKNOWN = "cannot be compared"


@dataclass(frozen=True)
class Change:
    """One breaking change. `place` is the model and the field, `asked` says that it is in a request."""

    kind: Breaks
    place: str
    was: str
    now: str
    asked: bool


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
        if pair in self._under_way:
            return []
        if all(pair):
            self._under_way.add(pair)
        readable = list(parts.branches(read, self._defs[1]))
        found: list[Change] = []
        for name, branch in parts.branches(sent, self._defs[0]):
            where = name or place
            same = [each for own, each in readable if name and own == name]
            alike = same or [each for _, each in readable if parts.can_read(parts.types(branch), parts.types(each))]
            if not alike:
                found.append(self._other_type(branch, sent, read, place))
                continue
            tried = [self._of_one(branch, each, where) for each in alike]
            fewest: list[Change] = min(tried, key=len)
            found += fewest
        self._under_way.discard(pair)
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
        if not self._asked or not (known := parts.values(read)):
            return
        can_come = parts.values(sent)
        if not can_come:
            yield self._change(Breaks.VALUE_REMOVED, place, "any value", f"only {parts.as_list(known)}")
        elif lost := [value for value in can_come if value not in known]:
            yield self._change(
                Breaks.VALUE_REMOVED, place, f"takes {parts.as_list(lost)}", f"takes only {parts.as_list(known)}"
            )

    def _bounds(self, sent: Schema, read: Schema, place: str) -> Iterator[Change]:
        if not self._asked or parts.values(sent):
            return
        for bound in (*BOUNDS, *BOUNDS_OF_MANY):
            limit, had = read.get(bound), sent.get(bound)
            if limit is None or (had is not None and (had >= limit if parts.is_lower(bound) else had <= limit)):
                continue
            if parts.implied(bound, limit, sent):
                continue
            yield self._change(Breaks.BOUND_NARROWED, place, f"{bound} {parts.as_text(had)}", f"{bound} {limit}")

    def _forms(self, sent: Schema, read: Schema, place: str) -> Iterator[Change]:
        for form in ("pattern", "format"):
            had, wanted = sent.get(form), read.get(form)
            if wanted is None or had == wanted or parts.values(sent) or (had and parts.wider(had, wanted)):
                continue
            yield self._change(Breaks.PATTERN_CHANGED, place, f"{form} {parts.as_text(had)}", f"{form} {wanted}")

    def _fields(self, sent: Schema, read: Schema, place: str) -> Iterator[Change]:
        fields, known = sent.get("properties", {}), read.get("properties", {})
        always, wanted = set(sent.get("required", ())), set(read.get("required", ()))
        for name in fields if self._asked else known:
            if name not in (known if self._asked else fields):
                words = ("taken", "not there") if self._asked else ("not there", "always there")
                yield self._change(Breaks.REMOVED, f"{place}.{name}", *words)
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
                yield self._change(Breaks.DEFAULT_CHANGED, f"{place}.{name}", parts.as_text(had), parts.as_text(has))
        if self._asked and fields and read.get("additionalProperties") is False and "additionalProperties" not in sent:
            yield self._change(Breaks.CLOSED, place, "unknown fields are ignored", "unknown fields are refused")

    def _members(self, sent: Schema, read: Schema, place: str) -> Iterator[Change]:
        if "items" in read:
            yield from self.faults(sent.get("items", {}), read["items"], f"{place}[]")
        (keys, each), (known, wanted) = parts.keyed(sent), parts.keyed(read)
        if wanted is not None:
            if known is not None and known != keys and not (keys and parts.wider(keys, known)):
                yield self._change(
                    Breaks.PATTERN_CHANGED, f"{place}{{}}", f"keys {parts.as_text(keys)}", f"keys {known}"
                )
            yield from self.faults(each or {}, wanted, f"{place}{{}}")

    def _rest(self, sent: Schema, read: Schema, place: str) -> Iterator[Change]:
        for keyword in sorted(read.keys() - UNDERSTOOD):
            if sent.get(keyword) != read[keyword]:
                words = (f"{keyword} {parts.as_text(sent.get(keyword))}", f"{keyword} {parts.as_text(read[keyword])}")
                yield self._change(Breaks.UNKNOWN, place, *words)

    def _change(self, kind: Breaks, place: str, sent: str, read: str) -> Change:
        was, now = (sent, read) if self._asked else (read, sent)
        return Change(kind, place, was, now, self._asked)

    def _words(self, schema: Schema, side: int) -> str:
        return " or ".join(
            name or "/".join(sorted(parts.types(each))) or "any"
            for name, each in parts.branches(schema, self._defs[side])
        )
