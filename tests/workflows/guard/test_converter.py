"""What is refused before it is decoded, and what a payload that nobody can decode becomes."""

import json
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.exceptions import ApplicationError

from domain.catalog.offers import Price
from domain.ordering.lines import MAX_LINES, MAX_ORDER_ID, Line, OrderRequest
from domain.subscription.commands import AnyCommand, Cancel, ChangePrice
from domain.values import Strict
from workflows.durable.arguments import StartPayload, Undecodable
from workflows.durable.options import LARGEST_REQUEST
from workflows.guard.bounds import LARGEST, MOST_VALUES
from workflows.guard.converter import DATA_CONVERTER, RequestConverter
from workflows.order.messages import PlaceOrder
from workflows.subscription.forecast import WhatIf
from workflows.subscription.messages import Purchase, Start

CONVERTER = DATA_CONVERTER.payload_converter
ID, WORD, PRICE = "x" * 64, "\U0001f600" * 64, "123456789012.123456789"
AT = datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
PRICES = tuple(Price.model_validate({"at": AT.replace(year=2100 + n), "unit_price": PRICE}) for n in range(100))
ADD_ONS = {f"{number:0>64}": 1_000_000 for number in range(50)}


def largest_order() -> OrderRequest:
    line = Line(offer=ID, quantity=1_000_000, add_ons=ADD_ONS, terms=WORD)
    return OrderRequest(order_id="x" * MAX_ORDER_ID, customer=ID, lines=(line,) * MAX_LINES, by=WORD)


def largest_purchase() -> Purchase:
    offer: dict[str, object] = {"id": ID, "term": "P1M", "billing_plan": "monthly", "currency": "USD"}
    offer |= {"unit_price": "0.99", "add_ons": [{"id": name, "unit_price": "0.99"} for name in ADD_ONS]}
    prices = [{"at": price.at.isoformat(), "unit_price": "0.99"} for price in PRICES]
    order: dict[str, object] = {"subscription_id": ID, "customer": ID, "offer": offer, "at": AT.isoformat()}
    order |= {"quantity": 1_000_000, "add_ons": ADD_ONS, "by": WORD, "prices": prices}
    return Purchase.model_validate_json(json.dumps({"order": order}))


def largest_question() -> WhatIf:
    prices = ChangePrice.model_validate(
        {"by": "system", "actor": ID, "command_id": ID, "at": AT, "unit_price": PRICE, "later": PRICES}
    )
    cancel = Cancel.model_validate({"by": WORD, "reason": "customer_request", "details": "\U0001f600" * 1024})
    return WhatIf(commands=(cancel,) * 50 + (prices,) * 50, until=AT)


LARGEST_VALID: dict[type[Strict], Any] = {
    OrderRequest: largest_order,
    PlaceOrder: lambda: PlaceOrder(request=largest_order()),
    Purchase: largest_purchase,
    WhatIf: largest_question,
}


def as_json(value: Strict) -> Payload:
    """As a sender may write it: every character that is not ASCII escaped."""
    data = json.dumps(value.model_dump(mode="json")).encode()
    return Payload(metadata={"encoding": b"json/plain"}, data=data)


def test_every_larger_bound_is_held_by_the_largest_valid_request() -> None:
    assert set(LARGEST) == set(LARGEST_VALID)


@pytest.mark.parametrize("model", LARGEST)
def test_the_largest_valid_request_of_a_model_is_taken(model: type[Strict]) -> None:
    largest = LARGEST_VALID[model]()
    payload = as_json(largest)
    assert LARGEST[model] / 3 < len(payload.data) <= LARGEST[model]
    assert CONVERTER.from_payloads([payload], [model]) == [largest]


def test_a_command_may_have_8_kib() -> None:
    assert LARGEST_REQUEST == 8192
    longest = as_json(Cancel.model_validate({"by": "system", "reason": "fraud", "details": "é" * 1024}))
    assert len(CONVERTER.from_payloads([longest], [Cancel])) == 1


@pytest.mark.parametrize("hint", [Cancel, AnyCommand, Purchase, WhatIf, PlaceOrder])
def test_a_request_that_is_too_large_is_refused_before_it_is_decoded(
    hint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    huge = Payload(metadata={"encoding": b"json/plain"}, data=b'{"by":"' + b"x" * 2_000_000 + b'"}')
    monkeypatch.setattr(RequestConverter, "_decoded", lambda *_: pytest.fail("it is decoded"))
    with pytest.raises(ApplicationError, match=r"Malformed request: got 2000009 bytes; takes at most \d+"):
        CONVERTER.from_payloads([huge], [hint])


@pytest.mark.parametrize(
    "content",
    [{f"f{number}": 1 for number in range(50_000)}, {"lines": [{"x": number} for number in range(30_000)]}],
    ids=["unknown fields", "unknown fields of entries"],
)
def test_a_request_with_too_many_unknown_fields_is_refused_before_it_is_decoded(
    content: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(content).encode())
    monkeypatch.setattr(RequestConverter, "_decoded", lambda *_: pytest.fail("it is decoded"))
    with pytest.raises(ApplicationError, match=rf"fields and entries; takes at most {MOST_VALUES}"):
        CONVERTER.from_payloads([many], [PlaceOrder])


UNREADABLE = [
    pytest.param(b"binary/unheard-of", b"?", id="unknown encoding"),
    pytest.param(b"json/plain", b"{", id="half of JSON"),
    pytest.param(b"json/plain", b"\xff\xfe", id="not UTF-8"),
    pytest.param(b"json/plain", b"", id="empty"),
    pytest.param(b"json/plain", b"NaN", id="NaN"),
    pytest.param(b"json/plain", b"[" * 5_000, id="deep"),
    pytest.param(b"json/protobuf", b"{}", id="protobuf in JSON"),
    pytest.param(b"binary/protobuf", b"\xff", id="protobuf"),
    pytest.param(b"binary/null", b"x", id="null with bytes"),
]


@pytest.mark.parametrize(("encoding", "data"), UNREADABLE)
def test_what_nobody_can_decode_is_refused_or_marked(encoding: bytes, data: bytes) -> None:
    payload = Payload(metadata={"encoding": encoding}, data=data)
    with pytest.raises(ApplicationError, match="^Malformed: Malformed request: [^\n]+$"):
        CONVERTER.from_payloads([payload], [Cancel])
    untyped = CONVERTER.from_payloads([payload, payload], [Cancel])
    assert all(isinstance(value, Undecodable) or data == b"NaN" for value in untyped)


def test_a_start_that_may_be_a_state_is_decoded_by_its_workflow() -> None:
    payload = as_json(largest_purchase())
    assert CONVERTER.from_payloads([payload], cast("list[type]", [Start])) == [StartPayload(payload)]
