"""What a subscription's workflow remembers of the order that it was started with, to be compared without a worker."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from domain.ordering.terms import Order

_KEY = "order"


def memo(order: Order) -> dict[str, str]:
    """What is given with the start; each run hands it to the next."""
    # What has its default is left out: a version that knows more fields must find the same digest.
    content = order.model_dump(mode="json", exclude_defaults=True)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return {_KEY: hashlib.sha256(text.encode()).hexdigest()[:16]}


def same(remembered: Mapping[str, Any], order: Order) -> bool:
    """Whether the remembered order is this one. A life that was started without us remembers none."""
    return remembered.get(_KEY) == memo(order)[_KEY]
