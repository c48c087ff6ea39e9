"""The state that the publisher's endpoints share."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import Scope

from examples.publisher.csrf import Guard
from examples.publisher.faults import Fault, Faults
from examples.publisher.gateway import Gateway
from examples.publisher.known import Known
from examples.publisher.log import Log
from examples.publisher.rejections import Rejections
from examples.receiver.inbox import Inbox, Message, Receipt


@dataclass
class Desk:
    """A running publisher. `hang_up` aborts a request's connection; `closing` is set when the server stops."""

    publisher: str
    inbox: Inbox
    log: Log
    known: Known
    rejections: Rejections
    faults: Faults
    gateway: Gateway
    hang_up: Callable[[Scope], None]
    guard: Guard = field(default_factory=Guard)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    def apply(self, message: Message, fault: Fault | None) -> Receipt:
        """Apply the message once and in order, and log the result."""

        def handle(books: sqlite3.Connection, message: Message) -> None:
            self.known.note(books, message)
            self.rejections.note(books, message)
            self.log.note(books, message, "applied", "", fault)

        receipt = self.inbox.apply(message, handle)
        if receipt.verdict != "applied":
            self.log.note_unapplied(message, receipt.verdict, receipt.why, fault)
        return receipt


def desk_of(
    data_dir: Path,
    secrets: Sequence[str],
    gateway_address: str,
    publisher: str,
    hang_up: Callable[[Scope], None],
    *,
    max_quantity: int | None = None,
    seed: int = 0,
) -> Desk:
    """A desk with its files in `data_dir`.

    Raises OSError and sqlite3.Error if the folder cannot be used, and ValueError for an invalid secret.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    inbox = Inbox(data_dir / "inbox.db", secrets)
    gateway = Gateway(gateway_address, publisher, secrets)
    return Desk(
        publisher=publisher,
        inbox=inbox,
        log=Log(inbox.open),
        known=Known(inbox.open),
        rejections=Rejections(inbox.open, gateway, max_quantity),
        faults=Faults(seed),
        gateway=gateway,
        hang_up=hang_up,
    )
