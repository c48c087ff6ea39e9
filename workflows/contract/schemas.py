"""JSON Schemas of an interface, draft 2020-12: what may be sent, and what is written."""

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from workflows.contract.interface import NOTHING, UNPROMISED, Interface, Kind, Message, Schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
URN = "urn:perennial:contract:"
PROSE = ("title", "description")


class Truthful(GenerateJsonSchema):
    """Pydantic's schemas, where they say less than the models take or write."""

    def field_is_required(
        self, field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField, total: bool
    ) -> bool:
        """Every field of an answer is written, its default too, unless the field says when it is left out."""
        if "serialization_exclude_if" in field:
            return False
        return self.mode == "serialization" or super().field_is_required(field, total)

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """A key that does not fit is refused."""
        made = super().dict_schema(schema)
        return {**made, "additionalProperties": False} if "patternProperties" in made else made

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Readers let pass what they do not know, so that an answer can have more."""
        made = super().model_schema(schema)
        if self.mode == "serialization" and made.get("additionalProperties") is False:
            del made["additionalProperties"]
        return made

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Which of them it is has to be said, even where a model alone knows it."""
        made = super().tagged_union_schema(schema)
        return {**made, "required": [schema["discriminator"]]}


def bundle(interface: Interface) -> Schema:
    """One document for the interface: its messages by kind and name, and every model that they need."""
    wanted = [
        ((message.kind, message.name, part), mode, TypeAdapter[Any](hint))
        for message in interface.messages
        for part, mode, hint in _parts(message)
    ]
    made, shared = TypeAdapter.json_schemas(wanted, schema_generator=Truthful)
    messages: dict[str, dict[str, Schema]] = {}
    for message in interface.messages:
        entry: Schema = {part: made[(message.kind, message.name, part), mode] for part, mode, _ in _parts(message)}
        if message.gives is UNPROMISED:
            entry["gives"] = {}
        if message.optional:
            entry["optional"] = True
        messages.setdefault(message.kind.value, {})[message.name] = entry
    return {
        "$schema": DIALECT,
        "$id": URN + interface.slug,
        "title": interface.title,
        "addressed": interface.addressed,
        "messages": messages,
        "$defs": shared.get("$defs", {}),
    }


def _parts(message: Message) -> list[tuple[str, JsonSchemaMode, Any]]:
    parts: list[tuple[str, JsonSchemaMode, Any]] = [
        ("takes", "validation", message.takes),
        ("then", "validation", message.then),
        ("gives", "serialization", message.gives),
    ]
    return [part for part in parts if part[2] is not NOTHING and part[2] is not UNPROMISED]


def without_prose(schema: Any) -> Any:
    """The schema without words for people."""
    if isinstance(schema, list):
        return [without_prose(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {}
    for key, value in schema.items():
        if key in {"properties", "$defs", "patternProperties"} or key in {kind.value for kind in Kind}:
            # Beneath these, names are not keywords.
            kept[key] = {name: without_prose(each) for name, each in value.items()}
        elif key not in PROSE or not isinstance(value, str):
            kept[key] = value if key in {"default", "enum", "const", "required"} else without_prose(value)
    return kept
