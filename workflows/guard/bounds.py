"""How many bytes a request may have: it is refused by its size before it is decoded, because a task has two seconds."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic_core import from_json
from temporalio.api.common.v1 import Payload

from domain.ordering.lines import OrderRequest
from domain.values import Strict
from workflows.durable.arguments import malformed
from workflows.durable.options import LARGEST_REQUEST
from workflows.order.messages import PlaceOrder
from workflows.subscription.forecast import WhatIf
from workflows.subscription.messages import Purchase

LARGEST: dict[type[Strict], int] = {
    OrderRequest: 1_000_000,
    PlaceOrder: 1_000_000,
    Purchase: 32_768,
    WhatIf: 1_500_000,
}
"""The requests that may be larger than LARGEST_REQUEST: as large as the largest valid one of their model."""
MOST_VALUES = 40_000
"""The fields and entries of a large request: pydantic describes each unknown one, and 100,000 take a second."""


def requests_in(hint: Any) -> Iterator[type[Strict]]:
    """The requests that a type hint allows: a model, or those of a union."""
    if isinstance(hint, type):
        if issubclass(hint, Strict):
            yield hint
        return
    for part in get_args(hint):
        yield from requests_in(part)


def check_size(payload: Payload, requests: list[type[Strict]]) -> None:
    """Refuse a payload that has more bytes, or more values, than any of the requests may have.

    Raises ApplicationError of type `Malformed`.
    """
    size, most = len(payload.data), max(LARGEST.get(request, LARGEST_REQUEST) for request in requests)
    if size > most:
        raise malformed(f"got {size} bytes; takes at most {most}")
    if size > LARGEST_REQUEST and (values := _values(payload.data)) > MOST_VALUES:
        raise malformed(f"got {values} fields and entries; takes at most {MOST_VALUES}")


def _values(data: bytes) -> int:
    """How many fields and entries the JSON has, at all depths; 0 if it is no JSON, which validation says better."""
    try:
        waiting = [from_json(data)]
    except ValueError:
        return 0
    count = 0
    while waiting:
        value = waiting.pop()
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        count += len(parts)
        waiting.extend(parts)
    return count
