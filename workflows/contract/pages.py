"""The contract's pages for people: a table of messages, and one of fields for every model."""

import json
import re
from collections.abc import Iterator

from domain.values import NO_NUL
from workflows.contract.interface import COMMAND, UNPROMISED, Interface, Kind, Message, Schema
from workflows.contract.schema_parts import keyed

_KNOWN = {
    "^[0-9]+([.][0-9]+)?$": "digits",
    "^0{0,28}[0-9]{1,12}([.][0-9]{1,9})?$": "digits in text, up to 12 and 9 behind the point,",
    "^[0-9]{1,40}([.][0-9]{1,20})?$": "digits in text",
    "^[A-Z]{3}$": "currency code",
}
"""Patterns that people need not read."""
_MADE = f"<!-- Generated from the models; do not edit. Regenerate: {COMMAND} -->"
_INDEX = f"""\
{_MADE}

# The public contract

What other services may send to workflows, and what they get back. Each page lists the messages, the models and their
fields. The file beside it has their JSON Schemas (draft 2020-12): `messages` by kind and name, `$defs` by model.
[other-services.md](../other-services.md) has examples to copy.

| page | schemas | address | what it is |
|---|---|---|---|
"""
_PROMISE = """
## What is promised

The contract only grows: [contract.lock.json](contract.lock.json) holds what was promised, and a test compares the
code with it ([ADR 0015](../adr/0015-the-contract-is-locked.md)). It may get:

- a new message;
- a new optional field of a request, whose default keeps the old behaviour;
- wider bounds in a request, and new values of its enumerations;
- a new field of an answer;
- a **new value** of an enumeration in an answer: a state, an outcome, a rule's id.

It never loses or renames a message or a field. A field of a request never becomes required and never takes less. A
field of an answer is never missing, never null where it was not before, and never gets another type.

## What readers must do

- Ignore fields that they do not know.
- Expect new values of enumerations. Show their text. Decide by the values of `outcome` that you know, and treat any
  other as neither done nor refused.
- Read amounts as decimals from text. Instants are ISO 8601 in UTC.
- Do not rely on the text of a `message`. The `rule` beside it is an id.

## What a schema cannot say

A request that fits its schema can still be refused as malformed: an `actor` with characters that cannot be printed or
with spaces around it, an unknown currency, a date that does not exist,
prices out of order, an amount with more decimals than its currency, a unit price with more than six, `at` without a
test clock. JSON Schema takes `5.0` for a whole number; Perennial refuses it. Signals are read by the same models; those
that do not fit are counted in `details`.

The `life` queries return the whole state. Its fields are not part of the contract.
"""


def index(interfaces: tuple[Interface, ...]) -> str:
    """The page of pages."""
    rows = "".join(
        f"| [{each.title}]({each.slug}.md) | [{each.slug}.schema.json]({each.slug}.schema.json) "
        f"| {f'`{each.addressed}`' if each.addressed else ''} | {each.words} |\n"
        for each in interfaces
    )
    return _INDEX + rows + _PROMISE


def page(interface: Interface, bundle: Schema) -> str:
    """One interface's page."""
    lines = [_MADE, "", f"# {interface.title}", "", interface.words]
    if interface.addressed:
        lines.append(f"Addressed as `{interface.addressed}`.")
    lines += [
        f"Schemas: [{interface.slug}.schema.json]({interface.slug}.schema.json). [What is promised](README.md).",
        "",
    ]
    for kind in Kind:
        if messages := [message for message in interface.messages if message.kind is kind]:
            lines += [f"## {kind.capitalize()}", "", *_table(messages, bundle["messages"][kind]), ""]
    lines += ["## Models", ""]
    for name, model in bundle["$defs"].items():
        lines += [f"### {name}", "", *_model(model), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(messages: list[Message], entries: Schema) -> Iterator[str]:
    yield "| name | takes | gives | what it does, by which rule |"
    yield "|---|---|---|---|"
    for message in messages:
        entry = entries[message.name]
        takes = _type(entry["takes"]) if "takes" in entry else "nothing"
        takes += ", or nothing" if message.optional else ""
        takes += f"; then {_type(entry['then'])}, or nothing" if "then" in entry else ""
        gives = _type(entry["gives"]) if "gives" in entry else "nothing"
        gives = "the whole state, not part of the contract" if message.gives is UNPROMISED else gives
        yield f"| `{message.name}` | {takes} | {gives} | {_cell(message.words)} |"


def _model(model: Schema) -> Iterator[str]:
    if words := model.get("description"):
        yield from (*words.splitlines(), "")
    if "enum" in model:
        yield "One of " + _values(model["enum"]) + "."
        return
    required = set(model.get("required", ()))
    if not model.get("properties"):
        yield "No fields."
        return
    yield "| field | type | |"
    yield "|---|---|---|"
    for name, field in model["properties"].items():
        default = field.get("default")
        left_out = f"`{json.dumps(default)}` where left out" if default is not None else "may be left out"
        yield f"| `{name}` | {_type(field)} | {'always' if name in required else left_out} |"
    if model.get("additionalProperties") is False:
        yield from ("", "Other fields are refused.")


def _type(schema: Schema) -> str:
    """A schema in a few words, with a link where it is a model."""
    if not schema:
        return "anything"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if several := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(_type(each) for each in several)
    if "const" in schema:
        return _values([schema["const"]])
    if "enum" in schema:
        return _values(schema["enum"])
    if schema["type"] == "array":
        return " ".join(["list of", _type(schema.get("items", {})), *_range(schema, "Items")])
    if schema["type"] == "object":
        inner = _type(keyed(schema)[1] or {})
        return " ".join(["mapping of ids to", inner, *_range(schema, "Properties")])
    return _cell(_plain(schema))


def _plain(schema: Schema) -> str:
    kind = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}
    schema = {key: value for key, value in schema.items() if (key, value) != ("pattern", NO_NUL)}
    words = [
        schema.get("format") or kind[schema["type"]],
        *_range(schema, "Length", " characters"),
        *_range(schema, "imum"),
    ]
    if "exclusiveMaximum" in schema:
        words.append(f"below {_number(schema['exclusiveMaximum'])}")
    if (pattern := schema.get("pattern")) and "format" not in schema:
        if longest := re.fullmatch(r"\^\[A-Za-z0-9_-\]\{1,(\d+)\}\$", pattern):
            return f"id of 1 to {longest[1]} letters, digits, `_` or `-`"
        return _KNOWN.get(pattern) or f"{' '.join(words)} `{pattern}`"
    return " ".join(words)


def _range(schema: Schema, what: str, unit: str = "") -> list[str]:
    low, high = schema.get(f"min{what}"), schema.get(f"max{what}")
    if low is None and high is None:
        return []
    if high is None:
        return [f"from {low}{unit}"]
    return [f"up to {_number(high)}{unit}" if low is None else f"{low} to {_number(high)}{unit}"]


def _number(value: int) -> str:
    return str(value) if value < 10**15 else f"10^{len(str(value)) - 1}"


def _values(values: list[object]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _cell(words: str) -> str:
    return words.replace("|", "\\|")
