"""What the publisher knows of each subscription from the messages alone."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from examples.publisher.dialects import facts_of
from examples.receiver.inbox import Message

_SCHEMA = """CREATE TABLE IF NOT EXISTS subscriptions (
    subscription_id TEXT PRIMARY KEY, customer TEXT, offer TEXT, state TEXT, quantity INTEGER, add_ons TEXT NOT NULL,
    auto_renew INTEGER, event TEXT NOT NULL, at TEXT, sequence INTEGER NOT NULL)"""


@dataclass(frozen=True)
class Subscription:
    """A subscription after the last applied message. None for what no message has said."""

    subscription_id: str
    customer: str | None
    offer: str | None
    state: str | None
    quantity: int | None
    add_ons: dict[str, object]
    auto_renew: bool | None
    event: str
    at: str | None
    sequence: int


class Known:
    """The subscriptions, in the inbox's file."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        with closing(connect()) as books:
            books.execute(_SCHEMA)

    def note(self, books: sqlite3.Connection, message: Message) -> None:
        """Update the subscription from an applied message. What the message leaves out stays."""
        facts = facts_of(message)
        books.execute(
            "INSERT INTO subscriptions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (subscription_id) DO UPDATE SET customer = coalesce(excluded.customer, customer), "
            "offer = coalesce(excluded.offer, offer), state = coalesce(excluded.state, state), "
            "quantity = coalesce(excluded.quantity, quantity), add_ons = excluded.add_ons, "
            "auto_renew = coalesce(excluded.auto_renew, auto_renew), event = excluded.event, "
            "at = excluded.at, sequence = excluded.sequence",
            (
                message.subscription_id, facts.customer, facts.offer, facts.state, facts.quantity,
                json.dumps(facts.add_ons), facts.auto_renew, facts.event, facts.at, message.sequence,
            ),
        )  # fmt: skip

    def count(self) -> int:
        """How many subscriptions are known."""
        with closing(self._connect()) as books:
            (count,) = books.execute("SELECT count(*) FROM subscriptions").fetchone()
            return int(count)

    def page(self, *, after: str = "", limit: int = 100) -> list[Subscription]:
        """The subscriptions whose ids come after this one, in order."""
        with closing(self._connect()) as books:
            rows = books.execute(
                "SELECT * FROM subscriptions WHERE subscription_id > ? ORDER BY subscription_id LIMIT ?", (after, limit)
            )
            return [_subscription(row) for row in rows]


def _subscription(row: tuple[Any, ...]) -> Subscription:
    one, customer, offer, state, quantity, add_ons, renews, event, at, sequence = row
    auto_renew = None if renews is None else bool(renews)
    return Subscription(one, customer, offer, state, quantity, json.loads(add_ons), auto_renew, event, at, sequence)
