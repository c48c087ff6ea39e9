"""What the live tests buy, and where their worlds keep their files."""

import itertools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from activities.settings import Settings
from domain.catalog.offers import Offer
from domain.ordering.terms import Order
from tests.support.shop.offers import offer
from workflows.durable.clock import TestClock

_numbers = itertools.count(1)


def settings_in(directory: Path, task_queue: str = "perennial") -> Settings:
    """Settings that keep all files in the directory and ignore the environment."""
    return Settings(
        database_url=f"sqlite:///{directory / 'perennial.db'}",
        tenants_path=directory / "tenants.db",
        data_dir=directory,
        task_queue=task_queue,
    )


def order(bought: Offer | None = None, **changes: Any) -> Order:
    """An order for a subscription id that no other test uses."""
    fields = {
        "subscription_id": f"sub-{next(_numbers)}",
        "customer": "fabrikam",
        "offer": bought or offer(),
        "at": datetime(2027, 1, 31, 9, tzinfo=UTC),
        "quantity": 3,
    }
    return Order(**{**fields, **changes})


@dataclass
class Bought:
    """A subscription that a test has bought."""

    id: str
    clock: TestClock


Buy = Callable[..., Coroutine[Any, Any, Bought]]
