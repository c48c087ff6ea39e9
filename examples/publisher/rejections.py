"""Reject changes of quantity at the gateway, after the notification was acknowledged."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from examples.publisher.dialects import QUANTITY_CHANGES, facts_of
from examples.publisher.gateway import Gateway, GatewayAway, GatewayRefused
from examples.receiver.inbox import Message

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds between two attempts to reach the gateway; the pause doubles each time."""
_SCHEMA = """CREATE TABLE IF NOT EXISTS rejections (
    subscription_id TEXT NOT NULL, sequence INTEGER NOT NULL, quantity INTEGER NOT NULL, outcome TEXT,
    PRIMARY KEY (subscription_id, sequence))"""


@dataclass(frozen=True)
class Rejection:
    """One rejected change. `outcome` is the gateway's answer in one line, None before."""

    subscription_id: str
    sequence: int
    quantity: int
    outcome: str | None


class Rejections:
    """The rejected changes, in the inbox's file, so that none is lost in a crash."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], gateway: Gateway, max_quantity: int | None) -> None:
        self._connect = connect
        self._gateway = gateway
        self._max_quantity = max_quantity
        self._due = asyncio.Event()
        with closing(connect()) as books:
            books.execute(_SCHEMA)

    def note(self, books: sqlite3.Connection, message: Message) -> None:
        """Note a rejection if the applied message changes the quantity to more than the maximum."""
        facts = facts_of(message)
        if self._max_quantity is None or facts.quantity is None or facts.event not in QUANTITY_CHANGES:
            return
        if facts.quantity > self._max_quantity:
            books.execute(
                "INSERT INTO rejections VALUES (?, ?, ?, NULL)",
                (message.subscription_id, message.sequence, facts.quantity),
            )

    def wake(self) -> None:
        """Send the open rejections, after a message was acknowledged."""
        self._due.set()

    def all(self) -> list[Rejection]:
        """Every rejection, oldest first."""
        with closing(self._connect()) as books:
            rows = books.execute("SELECT subscription_id, sequence, quantity, outcome FROM rejections ORDER BY rowid")
            return [Rejection(*row) for row in rows]

    async def send(self) -> None:
        """Send open rejections to the gateway whenever there are some, until cancelled."""
        pause = FIRST_PAUSE
        # An earlier run may have left some.
        self.wake()
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                for rejection in await asyncio.to_thread(self.all):
                    if rejection.outcome is None:
                        await self._send(rejection)
                pause = FIRST_PAUSE
            except GatewayAway:
                self.wake()
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _send(self, rejection: Rejection) -> None:
        reason = f"The quantity {rejection.quantity} is more than the {self._max_quantity} that we can serve."
        try:
            answer = await self._gateway.reject_quantity(rejection.subscription_id, rejection.sequence, reason)
            outcome = " ".join(filter(None, (answer.outcome, answer.rule, answer.message)))
        except GatewayRefused as no:
            outcome = f"{no.kind}: {no}"
        await asyncio.to_thread(self._settle, rejection, outcome)

    def _settle(self, rejection: Rejection, outcome: str) -> None:
        with closing(self._connect()) as books:
            books.execute(
                "UPDATE rejections SET outcome = ? WHERE subscription_id = ? AND sequence = ?",
                (outcome, rejection.subscription_id, rejection.sequence),
            )
