"""Each kind of change to a message, and whether it breaks somebody: the comparer's table."""

from typing import Any

import pytest

from workflows.contract.compare import Breaks, breaking
from workflows.contract.files import LESSONS, added, broken, locked

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NULL: Schema = {"type": "null"}
WHOLE: Schema = {"type": "integer"}
SMALL: Schema = {"type": "integer", "minimum": 1, "maximum": 10}
SHORT: Schema = {"type": "string", "minLength": 1, "maxLength": 10}
ID: Schema = {"type": "string", "pattern": "^[a-z]{1,64}$"}
COLOUR: Schema = {"type": "string", "enum": ["red", "green"]}
INSTANT: Schema = {"type": "string", "format": "date-time"}
DIGITS: Schema = {"type": "string", "pattern": "^[0-9]+$"}


def either(*schemas: Schema, **beside: Any) -> Schema:
    return {"anyOf": list(schemas), **beside}


def listed(items: Schema, **bounds: int) -> Schema:
    return {"type": "array", "items": items, **bounds}


def mapped(values: Schema, keys: str = "", **bounds: int) -> Schema:
    if keys:
        return {"type": "object", "patternProperties": {keys: values}, "additionalProperties": False, **bounds}
    return {"type": "object", "additionalProperties": values, **bounds}


def model(fields: dict[str, Schema], required: tuple[str, ...] = (), *, closed: bool = True) -> Schema:
    made: Schema = {"type": "object", "properties": fields}
    return {
        **made,
        **({"required": list(required)} if required else {}),
        **({"additionalProperties": False} if closed else {}),
    }


def bundle(
    takes: Schema | None = None, gives: Schema | None = None, *, address: str = "x:{id}", **defs: Schema
) -> Schema:
    """A contract of one update."""
    entry = {"takes": takes, "gives": gives}
    message = {part: schema for part, schema in entry.items() if schema is not None}
    return {
        "$id": "urn:perennial:contract:x",
        "title": "XWorkflow",
        "addressed": address,
        "messages": {"updates": {"paint": message}},
        "$defs": defs,
    }


def two_arguments(then: Schema) -> Schema:
    """A contract whose update takes text, and then something more that may be left out."""
    made = bundle(TEXT)
    made["messages"]["updates"]["paint"]["then"] = then
    return made


def asked(field: Schema, *, required: bool = True, closed: bool = True) -> Schema:
    """A contract whose request has the field."""
    return bundle({"$ref": "#/$defs/Paint"}, Paint=model({"f": field}, ("f",) if required else (), closed=closed))


def told(field: Schema, *, always: bool = True) -> Schema:
    """A contract whose answer has the field."""
    return bundle(
        None, {"$ref": "#/$defs/Painted"}, Painted=model({"f": field}, ("f",) if always else (), closed=False)
    )


def named(**requests: Schema) -> Schema:
    """A contract that takes one of several requests, told apart by `do`."""
    models = {
        name: model({"do": {"type": "string", "const": name.lower()}, **extra["properties"]})
        for name, extra in requests.items()
    }
    refs = [{"$ref": f"#/$defs/{name}"} for name in models]
    taken = {"oneOf": refs, "discriminator": {"propertyName": "do"}, "required": ["do"]}
    return {**bundle(taken), "$defs": models}


NOTHING = bundle()
BREAKING: list[tuple[str, Schema, Schema, Breaks]] = [
    ("a message goes", asked(TEXT), {**NOTHING, "messages": {}}, Breaks.MESSAGE_REMOVED),
    ("a message is renamed", NOTHING, {**NOTHING, "messages": {"updates": {"colour": {}}}}, Breaks.MESSAGE_REMOVED),
    ("a message becomes a query", NOTHING, {**NOTHING, "messages": {"queries": {"paint": {}}}}, Breaks.MESSAGE_REMOVED),
    ("the id has another form", NOTHING, bundle(address="y:{id}"), Breaks.ADDRESS_CHANGED),
    ("an argument where there was none", NOTHING, bundle(TEXT), Breaks.MADE_REQUIRED),
    ("no argument where there was one", bundle(TEXT), NOTHING, Breaks.REMOVED),
    ("no second argument where there was one", two_arguments(TEXT), bundle(TEXT), Breaks.REMOVED),
    ("another type of the second argument", two_arguments(TEXT), two_arguments(WHOLE), Breaks.TYPE_CHANGED),
    # requests
    ("a request's field goes", asked(TEXT), bundle({"$ref": "#/$defs/Paint"}, Paint=model({})), Breaks.REMOVED),
    (
        "an open request's field goes",
        asked(TEXT, closed=False),
        bundle({"$ref": "#/$defs/Paint"}, Paint=model({}, closed=False)),
        Breaks.REMOVED,
    ),
    ("a request's field is renamed", bundle(model({"f": TEXT})), bundle(model({"g": TEXT})), Breaks.REMOVED),
    ("a new field is required", bundle(model({})), bundle(model({"f": TEXT}, ("f",))), Breaks.NEW_REQUIRED),
    ("a field becomes required", asked(TEXT, required=False), asked(TEXT), Breaks.MADE_REQUIRED),
    ("a value goes", asked(COLOUR), asked({"type": "string", "enum": ["red"]}), Breaks.VALUE_REMOVED),
    ("a value is renamed", asked(COLOUR), asked({"type": "string", "enum": ["red", "lime"]}), Breaks.VALUE_REMOVED),
    ("any text becomes a few values", asked(TEXT), asked(COLOUR), Breaks.VALUE_REMOVED),
    ("a constant changes", asked({"const": "a"}), asked({"const": "b"}), Breaks.VALUE_REMOVED),
    ("a smaller maximum", asked(SMALL), asked({**SMALL, "maximum": 9}), Breaks.BOUND_NARROWED),
    ("a maximum where there was none", asked(WHOLE), asked({**WHOLE, "maximum": 9}), Breaks.BOUND_NARROWED),
    (
        "a maximum that is left out itself",
        asked(SMALL),
        asked({**WHOLE, "minimum": 1, "exclusiveMaximum": 10}),
        Breaks.BOUND_NARROWED,
    ),
    ("a larger minimum", asked(SMALL), asked({**SMALL, "minimum": 2}), Breaks.BOUND_NARROWED),
    ("more than its minimum", asked(SMALL), asked({**SMALL, "exclusiveMinimum": 1}), Breaks.BOUND_NARROWED),
    ("shorter text", asked(SHORT), asked({**SHORT, "maxLength": 9}), Breaks.BOUND_NARROWED),
    ("longer text", asked(TEXT), asked({**TEXT, "minLength": 1}), Breaks.BOUND_NARROWED),
    ("an id becomes shorter text", asked(ID), asked({**TEXT, "maxLength": 63}), Breaks.BOUND_NARROWED),
    ("an id becomes longer text", asked(ID), asked({**TEXT, "minLength": 2}), Breaks.BOUND_NARROWED),
    ("words are not one id", asked({**TEXT, "pattern": "^[a]{1,2}[b]{1,9}$"}), asked(SHORT), Breaks.BOUND_NARROWED),
    ("fewer entries", asked(listed(TEXT)), asked(listed(TEXT, maxItems=9)), Breaks.BOUND_NARROWED),
    ("more entries", asked(listed(TEXT)), asked(listed(TEXT, minItems=1)), Breaks.BOUND_NARROWED),
    ("fewer keys", asked(mapped(TEXT, maxProperties=9)), asked(mapped(TEXT, maxProperties=8)), Breaks.BOUND_NARROWED),
    ("narrower entries", asked(listed(WHOLE)), asked(listed(SMALL)), Breaks.BOUND_NARROWED),
    ("narrower values of a mapping", asked(mapped(WHOLE)), asked(mapped(SMALL)), Breaks.BOUND_NARROWED),
    (
        "keys of another form",
        asked(mapped(TEXT, "^[a-z]{1,9}$")),
        asked(mapped(TEXT, "^[a-z]{1,8}$")),
        Breaks.PATTERN_CHANGED,
    ),
    ("a pattern where there was none", asked(TEXT), asked(ID), Breaks.PATTERN_CHANGED),
    ("another pattern", asked(ID), asked(DIGITS), Breaks.PATTERN_CHANGED),
    ("a shorter id", asked(ID), asked({**ID, "pattern": "^[a-z]{1,63}$"}), Breaks.PATTERN_CHANGED),
    ("a format where there was none", asked(TEXT), asked(INSTANT), Breaks.PATTERN_CHANGED),
    ("another type", asked(TEXT), asked(WHOLE), Breaks.TYPE_CHANGED),
    ("whole numbers only", asked({"type": "number"}), asked(WHOLE), Breaks.TYPE_CHANGED),
    ("anything becomes text", asked({}), asked(TEXT), Breaks.TYPE_CHANGED),
    ("one of two types goes", asked(either(DIGITS, WHOLE)), asked(DIGITS), Breaks.TYPE_CHANGED),
    ("null is not taken any more", asked(either(TEXT, NULL)), asked(TEXT), Breaks.TYPE_CHANGED),
    ("one becomes a list", asked(TEXT), asked(listed(TEXT)), Breaks.TYPE_CHANGED),
    (
        "another default",
        asked({**WHOLE, "default": 1}, required=False),
        asked({**WHOLE, "default": 2}, required=False),
        Breaks.DEFAULT_CHANGED,
    ),
    ("unknown fields are refused", asked(TEXT, closed=False), asked(TEXT), Breaks.CLOSED),
    (
        "a variant narrows",
        named(A=model({"f": TEXT}), B=model({})),
        named(A=model({"f": SHORT}), B=model({})),
        Breaks.BOUND_NARROWED,
    ),
    ("a variant goes", named(A=model({}), B=model({})), named(A=model({})), Breaks.VALUE_REMOVED),
    ("a keyword that nobody knows", asked(listed(TEXT)), asked({**listed(TEXT), "uniqueItems": True}), Breaks.UNKNOWN),
    # answers
    ("an answer is nothing any more", bundle(None, TEXT), NOTHING, Breaks.NULLABLE),
    (
        "an answer's field goes",
        told(TEXT),
        bundle(None, {"$ref": "#/$defs/Painted"}, Painted=model({}, closed=False)),
        Breaks.REMOVED,
    ),
    ("an answer's field is not always there", told(TEXT), told(TEXT, always=False), Breaks.NOT_ALWAYS),
    ("an answer's field may be null", told(TEXT), told(either(TEXT, NULL)), Breaks.NULLABLE),
    ("an answer's field has another type", told(TEXT), told(WHOLE), Breaks.TYPE_CHANGED),
    ("an answer's field has a type more", told(TEXT), told(either(TEXT, WHOLE)), Breaks.TYPE_CHANGED),
    ("an answer's whole number has decimals", told(WHOLE), told({"type": "number"}), Breaks.TYPE_CHANGED),
    ("an answer's text loses its form", told(DIGITS), told(TEXT), Breaks.PATTERN_CHANGED),
    ("an answer's instant is any text", told(INSTANT), told(TEXT), Breaks.PATTERN_CHANGED),
    ("an answer's list has other entries", told(listed(TEXT)), told(listed(WHOLE)), Breaks.TYPE_CHANGED),
    ("an answer's mapping has other values", told(mapped(TEXT)), told(mapped(WHOLE)), Breaks.TYPE_CHANGED),
]

ADDITIVE: list[tuple[str, Schema, Schema]] = [
    ("a message more", NOTHING, {**NOTHING, "messages": {"updates": {"paint": {}, "colour": {}}}}),
    ("an answer where there was none", NOTHING, bundle(None, TEXT)),
    (
        "an argument that may be left out",
        NOTHING,
        {**NOTHING, "messages": {"updates": {"paint": {"takes": TEXT, "optional": True}}}},
    ),
    ("a second argument that may be left out", bundle(TEXT), two_arguments(TEXT)),
    # requests
    ("an optional field more", bundle(model({})), bundle(model({"f": {**TEXT, "default": ""}}))),
    ("a field becomes optional", asked(TEXT), asked({**TEXT, "default": "x"}, required=False)),
    ("a value more", asked(COLOUR), asked({"type": "string", "enum": ["red", "green", "blue"]})),
    ("a few values become any text", asked(COLOUR), asked(TEXT)),
    ("a constant becomes one of several", asked({"const": "red"}), asked(COLOUR)),
    ("a larger maximum", asked(SMALL), asked({**SMALL, "maximum": 11})),
    ("the same maximum, written otherwise", asked(SMALL), asked({**WHOLE, "minimum": 1, "exclusiveMaximum": 11})),
    ("the same minimum, written otherwise", asked(SMALL), asked({**WHOLE, "exclusiveMinimum": 0, "maximum": 10})),
    ("no bounds any more", asked(SMALL), asked(WHOLE)),
    ("a smaller minimum", asked(SMALL), asked({**SMALL, "minimum": 0})),
    ("longer text is taken", asked(SHORT), asked({**SHORT, "maxLength": 11})),
    ("no pattern any more", asked(ID), asked(TEXT)),
    ("an id may be any text as long", asked(ID), asked({**TEXT, "minLength": 1, "maxLength": 64})),
    ("a longer id is taken", asked(ID), asked({**ID, "pattern": "^[a-z]{1,80}$"})),
    ("longer keys are taken", asked(mapped(TEXT, "^[a-z]{1,9}$")), asked(mapped(TEXT, "^[a-z]{0,10}$"))),
    ("more entries are taken", asked(listed(TEXT, maxItems=9)), asked(listed(TEXT, maxItems=10))),
    ("null is taken too", asked(TEXT), asked(either(TEXT, NULL))),
    ("another type is taken too", asked(DIGITS), asked(either(DIGITS, WHOLE))),
    ("decimals are taken too", asked(WHOLE), asked({"type": "number"})),
    ("unknown fields are ignored", asked(TEXT), asked(TEXT, closed=False)),
    ("a variant more", named(A=model({})), named(A=model({}), B=model({}))),
    ("a model is renamed", asked(TEXT), bundle({"$ref": "#/$defs/P"}, P=model({"f": TEXT}, ("f",)))),
    ("a model is written in place", asked(TEXT), bundle(model({"f": TEXT}, ("f",)))),
    ("words for people", asked(TEXT), asked({**TEXT, "title": "F", "description": "It is."})),
    # answers
    ("an answer has a field more", told(TEXT), bundle(None, model({"f": TEXT, "g": TEXT}, ("f", "g"), closed=False))),
    ("an answer's field is always there", told(TEXT, always=False), told(TEXT)),
    ("an answer's field is never null any more", told(either(TEXT, NULL)), told(TEXT)),
    (
        "an answer's enumeration has a value more",
        told(COLOUR),
        told({"type": "string", "enum": ["red", "green", "blue"]}),
    ),
    ("an answer's enumeration has a value less", told(COLOUR), told({"type": "string", "enum": ["red"]})),
    ("an answer's number may be larger", told(SMALL), told(WHOLE)),
    ("an answer's number is whole", told({"type": "number"}), told(WHOLE)),
    ("an answer's default is another", told({**WHOLE, "default": 1}), told({**WHOLE, "default": 2})),
]


@pytest.mark.parametrize(("old", "new", "kind"), [pytest.param(*row, id=name) for name, *row in BREAKING])
def test_what_breaks_somebody_is_found_by_its_kind(old: Schema, new: Schema, kind: Breaks) -> None:
    assert {change.kind for change in breaking(old, new)} == {kind}


@pytest.mark.parametrize(("old", "new"), [pytest.param(*row, id=name) for name, *row in ADDITIVE])
def test_what_is_added_breaks_nobody_and_is_told_from_the_lock(old: Schema, new: Schema) -> None:
    assert breaking(old, new) == {}
    assert broken({"x": old}, {"x": new}) == ""


@pytest.mark.parametrize("row", [*BREAKING, *ADDITIVE], ids=[str(row[0]) for row in (*BREAKING, *ADDITIVE)])
def test_a_contract_breaks_nothing_of_itself(row: tuple[Any, ...]) -> None:
    for each in row[1:3]:
        assert breaking(each, each) == {}


def test_every_kind_is_in_the_table_and_has_its_lesson() -> None:
    assert {kind for *_, kind in BREAKING} == set(Breaks) == set(LESSONS)


def test_a_model_that_holds_itself_is_compared_to_its_end() -> None:
    def tree(leaf: Schema) -> Schema:
        return bundle({"$ref": "#/$defs/Tree"}, Tree=model({"leaf": leaf, "more": listed({"$ref": "#/$defs/Tree"})}))

    assert breaking(tree(TEXT), tree(TEXT)) == {}
    assert [change.place for change in breaking(tree(TEXT), tree(SHORT))] == ["Tree.leaf", "Tree.leaf"]


def test_the_failure_names_message_field_and_change_and_says_whom_it_breaks_and_what_to_do() -> None:
    old, new = asked(SHORT), asked({**SHORT, "maxLength": 9})
    for each in (old, new):
        each["messages"]["signals"] = {"painting_wanted": {"takes": {"$ref": "#/$defs/Paint"}}}
    words = broken({"x": old}, {"x": new})
    assert "Paint.f: bound narrowed" in words
    assert "where:    XWorkflow: update paint, signal painting_wanted (requests)" in words
    assert "changed:  maxLength 10 -> maxLength 9" in words
    whom, instead = LESSONS[Breaks.BOUND_NARROWED]
    assert f"breaks:   {whom}" in words
    assert f"instead:  {instead}" in words


def test_a_page_that_goes_is_named() -> None:
    assert "XWorkflow: message removed" in broken({"x": NOTHING}, {})


def test_an_addition_names_the_command_that_publishes_it() -> None:
    old, new = asked(SMALL), asked(WHOLE)
    words = added(locked({"x": old}), locked({"x": new}))
    assert ".venv/bin/python -m workflows.contract" in words
    assert '-      "maximum": 10,' in words
    assert added(locked({"x": old}), locked({"x": old})) == ""
