"""The published schemas are true: what fits is accepted, and what is refused does not fit, where JSON can say so."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker, validators
from pydantic import TypeAdapter, ValidationError

from domain.subscription.commands import Cancel, Reactivate, Suspend
from domain.subscription.holds import Reason
from statemachines.preview.simulator import Simulator
from statemachines.subscription.lifecycle import Lifecycle
from tests.support.live.purchases import order
from tests.support.pages.services_page import requests
from workflows.contract.files import bundles
from workflows.contract.interface import NOTHING, Interface, Message
from workflows.contract.public import interfaces
from workflows.contract.schemas import DIALECT
from workflows.durable.clock import TestClock
from workflows.subscription.details import details
from workflows.subscription.forecast import Forecast, WhatIf
from workflows.subscription.messages import Events

NOW = datetime(2027, 1, 31, 9, tzinfo=UTC)
BUNDLES = bundles(interfaces())
TAKEN = [
    pytest.param(page, message, id=f"{page.slug}-{message.kind.one}-{message.name}")
    for page in interfaces()
    for message in page.messages
    if message.takes is not NOTHING
]


WITHOUT_POINT = Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
)
Checker: type[Draft202012Validator] = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, type_checker=WITHOUT_POINT
)
"""JSON Schema takes 5.0 for a whole number; docs/contract/README.md says that it is refused here."""


def validator(page: str, kind: str, name: str, part: str = "takes") -> Draft202012Validator:
    """What checks the part of a message by the published schemas."""
    found = BUNDLES[page]
    schema = {"$schema": DIALECT, **found["messages"][kind][name][part], "$defs": found["$defs"]}
    return Checker(schema, format_checker=FormatChecker())


def accepts(model: Any, value: object) -> bool:
    """Whether the code accepts the value, read from JSON as a worker reads it."""
    try:
        TypeAdapter[Any](model).validate_json(json.dumps(value))
    except ValidationError:
        return False
    return True


def taken_by(page: str, kind: str, name: str) -> object:
    (found,) = [
        m.takes for each in interfaces() if each.slug == page for m in each.messages if (m.kind, m.name) == (kind, name)
    ]
    return found


def test_the_schemas_are_schemas() -> None:
    for found in BUNDLES.values():
        Draft202012Validator.check_schema({"$defs": found["$defs"]})
        for messages in found["messages"].values():
            for entry in messages.values():
                for part in {"takes", "gives"} & entry.keys():
                    Draft202012Validator.check_schema(entry[part])


def test_every_example_of_the_page_fits_its_schema_exactly_where_the_code_accepts_it() -> None:
    found = list(requests())
    assert len(found) > 25
    for page, kind, name, request in found:
        fits = validator(page, kind, name).is_valid(request)
        model = taken_by(page, kind, name)
        assert fits == accepts(model, request) or unsaid(model, request), request


SCALARS: list[Any] = [
    *(None, True, False, 0, 1, -1, 5.5, 10**15, "", "x", "x" * 65, "x" * 2000, "a\0b", "no\nnewlines", "x' OR 1=1"),
    *("1.00", "-1.00", "1e3", "NaN", "Infinity", "0", "0.00", 9.99, "1234567890123", "1.0000000001", " 1", "\uff11"),
    *("USD", "usd", "2027-01-31T10:00:00Z", "2027-01-31T10:00:00", "2027-01-31", "tomorrow", "2027-13-01T00:00:00Z"),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2027-01-31T10:00:00.1234567Z", "fraud", "cancel", "admin_agent"),
    *([], [1], {}, {"x": 1}),
]


def scalars() -> st.SearchStrategy[Any]:
    digits = st.from_regex(r"\A0{0,3}[0-9]{1,14}([.][0-9]{1,11})?\Z")
    instants = st.datetimes().map(lambda at: at.isoformat(timespec="microseconds") + "Z")
    offsets = st.from_regex(
        r"\A20[0-9]{2}-[0-1][0-9]-[0-2][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]([.][0-9]{1,7})?[+-][0-2][0-9]:[0-5][0-9]\Z"
    )
    ids = st.from_regex(r"\A[A-Za-z0-9_-]{0,66}\Z")
    return st.one_of(st.sampled_from(SCALARS), digits, instants, offsets, ids, st.integers(), st.text(max_size=4))


def sample(schema: dict[str, Any], defs: dict[str, Any]) -> Any:
    """A value that fits the schema, the plainest there is."""
    if "$ref" in schema:
        return sample(defs[schema["$ref"].rpartition("/")[2]], defs)
    if several := schema.get("anyOf") or schema.get("oneOf"):
        first = sample(several[0], defs)
        return {**first, "do": several[0]["$ref"].rpartition("/")[2].lower()} if "oneOf" in schema else first
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema["type"]:
        case "object":
            return {name: sample(schema["properties"][name], defs) for name in schema.get("required", ())}
        case "array":
            return [sample(schema["items"], defs)] * schema.get("minItems", 0)
        case "integer":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            pattern, form = schema.get("pattern", ""), schema.get("format")
            text = {"date-time": "2027-01-31T10:00:00Z", "duration": "P30D"}.get(form or "", "1")
            return "USD" if pattern == "^[A-Z]{3}$" else text


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], by)
    return copy


@pytest.mark.parametrize(("page", "message"), TAKEN)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_fits_a_schema_the_code_accepts_and_what_the_code_takes_fits(
    page: Interface, message: Message, data: st.DataObject
) -> None:
    """One field at a time is set to anything; schema and model have to agree, but for what no schema can say."""
    found = BUNDLES[page.slug]
    schema = found["messages"][message.kind.value][message.name]["takes"]
    check = validator(page.slug, message.kind.value, message.name)
    base = full(schema, found["$defs"])
    path = data.draw(st.sampled_from(list(places(base))))
    value = replaced(base, path, data.draw(scalars()))
    if data.draw(st.booleans()) and isinstance(value, dict):
        value = {**value, data.draw(st.sampled_from(["x", "at", "command_id"])): data.draw(scalars())}
    fits, accepted = check.is_valid(value), accepts(message.takes, value)
    if fits != accepted:
        faults = unsaid(message.takes, value) if fits else ["lenient"] * lenient(value, check)
        assert faults, (value, fits, accepted)


def full(schema: dict[str, Any], defs: dict[str, Any]) -> Any:
    """A value with every optional field of the outermost model too."""
    value = sample(schema, defs)
    if "$ref" in schema and isinstance(value, dict):
        fields = defs[schema["$ref"].rpartition("/")[2]].get("properties", {})
        for name, field in fields.items():
            if name not in value and "default" in field and field["default"] is not None:
                value[name] = field["default"]
            elif name not in value:
                value[name] = sample(field, defs)
    return value


UNSAYABLE = re.compile(
    "ISO 4217|ISO 8601 instant|from the year|more decimals|at most [0-9]+ decimals|duration|an instant after"
    "|add-on of the offer|max_quantity|at most .* of which|annual|printable characters"
)
"""Refusals that no schema can foresee, by their words."""


def unsaid(model: Any, value: object) -> list[str]:
    try:
        TypeAdapter[Any](model).validate_json(json.dumps(value))
    except ValidationError as error:
        return [
            entry["msg"]
            for entry in error.errors()
            if UNSAYABLE.search(entry["msg"]) or entry["type"] == "time_delta_parsing"
        ]
    return []


def lenient(value: Any, check: Draft202012Validator) -> bool:
    """Whether the code takes more than is promised: an instant of another form, an operator's pack in other words."""
    errors = list(leaves(check.iter_errors(value)))
    instants = [
        e for e in errors if isinstance(e.instance, str) and re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", e.instance)
    ]
    return bool(instants) or any("policy" in error.absolute_path for error in errors)


def leaves(errors: Iterator[Any] | list[Any]) -> Iterator[Any]:
    for error in errors:
        yield error
        yield from leaves(error.context or [])


@pytest.mark.parametrize(
    ("page", "kind", "name", "request_"),
    [
        ("subscription", "updates", "cancel", {}),
        ("subscription", "updates", "cancel", {"by": "service", "reason": "boredom"}),
        ("subscription", "updates", "cancel", {"by": "service", "reason": "fraud", "now": True}),
        ("subscription", "updates", "cancel", {"by": "service", "reason": "fraud", "do": "suspend"}),
        ("subscription", "updates", "cancel", {"by": "service", "reason": "fraud", "at": "2027-01-31T10:00:00"}),
        ("subscription", "updates", "cancel", {"by": "service", "reason": "fraud", "at": 1}),
        ("subscription", "updates", "change_quantity", {"by": "service", "quantity": "4"}),
        ("subscription", "updates", "change_quantity", {"by": "service", "quantity": True}),
        ("subscription", "updates", "change_price", {"by": "system", "unit_price": 9.99}),
        ("subscription", "updates", "change_price", {"by": "system", "unit_price": "1e3"}),
        ("subscription", "updates", "change_price", {"by": "system", "unit_price": "1234567890123"}),
        ("subscription", "updates", "suspend", {"by": "service", "reason": "fraud", "details": "a\0b"}),
        ("subscription", "queries", "preview", {"by": "service", "quantity": 4}),
        (
            "billing-account",
            "updates",
            "payment_received",
            {"by": "service", "payment_id": "p", "currency": "USD", "amount": "0.00"},
        ),
        (
            "billing-account",
            "updates",
            "payment_received",
            {"by": "service", "payment_id": "p", "currency": "USD", "amount": 0},
        ),
        ("billing-account", "updates", "change_terms", {"by": "billing_admin", "policy": "csp-2050"}),
        ("order", "start", "start", {"request": {"order_id": "o", "customer": "c", "lines": []}}),
        (
            "order",
            "start",
            "start",
            {"request": {"order_id": "o", "customer": "c", "lines": [{"offer": "x", "add_ons": {"a b": 1}}]}},
        ),
        (
            "nexus-subscriptions",
            "operations",
            "cancel",
            {"subscription_id": "s", "reason": "fraud", "by": "admin_agent"},
        ),
    ],
)
def test_hostile_requests_fail_by_the_schema_and_by_the_code(page: str, kind: str, name: str, request_: Any) -> None:
    assert not validator(page, kind, name).is_valid(request_)
    assert not accepts(taken_by(page, kind, name), request_)


def test_what_is_given_fits_its_schema() -> None:
    """Of a life with a refusal, a credit and a test clock."""
    simulator = Simulator(order(at=NOW))
    given = [
        simulator.ask(Cancel(by="nobody", reason=Reason.FRAUD), NOW),
        simulator.ask(Suspend(by="service", reason=Reason.FRAUD), NOW),
        simulator.ask(Reactivate(by="admin_agent"), NOW),
        simulator.ask(Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), NOW),
    ]
    life = simulator.life
    shown = details(life, Lifecycle(), NOW, "a reason", TestClock(offset_seconds=5))
    forecast = Forecast.of(Simulator(order(at=NOW)), WhatIf(commands=(), until=NOW.replace(year=2029)), NOW)
    for name, seen in (("details", shown), ("what_if", forecast), ("events", Events(events=life.recent))):
        validator("subscription", "queries", name, "gives").validate(json.loads(seen.model_dump_json()))
    for answer in given:
        validator("subscription", "updates", "cancel", "gives").validate(json.loads(answer.model_dump_json()))
    assert {answer.outcome.value for answer in given} == {"refused", "done", "cancelled_with_credit"}
