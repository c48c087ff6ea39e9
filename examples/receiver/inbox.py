"""An inbox for signed notifications: it verifies each message and applies it once and in order.

Copy this one file. It needs the package `standardwebhooks` and a SQLite file.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

LARGEST_BODY = 65_536
"""Bytes."""
TOLERANCE = timedelta(minutes=5)
"""How far a message's timestamp may differ from the clock, either way. The library has the same limit."""
LARGEST_SEQUENCE = 2**63 - 1
_SCHEMA = """CREATE TABLE IF NOT EXISTS inbox (
    subscription_id TEXT NOT NULL, sequence INTEGER NOT NULL, applied_at TEXT NOT NULL,
    PRIMARY KEY (subscription_id, sequence)) WITHOUT ROWID"""


class Verdict(StrEnum):
    """The result of a request. The first three are acknowledged, the others are not."""

    APPLIED = "applied"
    REPEAT = "repeat"
    """Applied before, so it is not applied again."""
    PASSED = "passed"
    """Not applied, but a later message has been: the sender had given this one up. It is ignored."""
    EARLY = "early"
    """The message before it has not been applied yet. The sender must send this one again."""
    UNSIGNED = "unsigned"
    STALE = "stale"
    FORGED = "forged"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"

    @property
    def status(self) -> int:
        """The HTTP status to answer with."""
        return _STATUS.get(self, 200)

    @property
    def acknowledged(self) -> bool:
        """Whether the sender may go on to the next message."""
        return self not in _STATUS


_STATUS = {
    Verdict.EARLY: 409,
    Verdict.UNSIGNED: 401,
    Verdict.STALE: 401,
    Verdict.FORGED: 401,
    Verdict.TOO_LARGE: 413,
    Verdict.MALFORMED: 400,
}


@dataclass(frozen=True)
class Message:
    """A message with a valid signature. `body` is the whole JSON object, in either dialect."""

    subscription_id: str
    sequence: int
    previous: int
    body: dict[str, Any] = field(hash=False)

    @property
    def id(self) -> str:
        """The webhook-id. It is the same at every attempt, so it identifies a repeat."""
        return f"{self.subscription_id}:{self.sequence}"

    @property
    def facts(self) -> dict[str, Any]:
        """The object with the message's fields: `data`, or the whole body in Microsoft's dialect."""
        data = self.body.get("data")
        return data if isinstance(data, dict) else self.body


@dataclass(frozen=True)
class Receipt:
    """The verdict, and the reason in one line for a log. `message` is set if the signature was valid."""

    verdict: Verdict
    why: str = ""
    message: Message | None = None


Handler = Callable[[sqlite3.Connection, Message], object]
"""Your code that applies a message. What it writes through the connection is committed together with the inbox."""


class Inbox:
    """`Inbox(path, secrets).receive(headers, body, handle)`, from any thread and any number of processes.

    A message signed with any of `secrets` is accepted: while a secret is being replaced, pass the old and the new one.
    Raises ValueError for an invalid secret.
    """

    def __init__(self, path: Path | str, secrets: Sequence[str]) -> None:
        self._path = path
        self._keys = [_key(secret) for secret in secrets]
        if not self._keys:
            raise ValueError("an inbox needs at least one secret")
        with closing(self.open()) as books:
            books.execute("PRAGMA journal_mode = WAL")
            books.execute(_SCHEMA)

    def receive(self, headers: Mapping[str, str], body: bytes, handle: Handler) -> Receipt:
        """Verify and apply. Answer with the verdict's HTTP status. If `handle` raises, everything is rolled back."""
        seen = self.verify(headers, body)
        return seen if isinstance(seen, Receipt) else self.apply(seen, handle)

    def verify(self, headers: Mapping[str, str], body: bytes) -> Message | Receipt:
        """Return the message if it is genuine and well formed, else a receipt that says why not."""
        if len(body) > LARGEST_BODY:
            return Receipt(Verdict.TOO_LARGE, f"the body has {len(body)} bytes; at most {LARGEST_BODY} are accepted")
        given = {name.lower(): value for name, value in headers.items()}
        needed = {name: given.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
        if missing := [name for name, value in needed.items() if not value]:
            return Receipt(Verdict.UNSIGNED, f"missing {', '.join(missing)}")
        if not re.fullmatch(r"[0-9]{1,12}", needed["webhook-timestamp"]):
            return Receipt(Verdict.STALE, "webhook-timestamp is not a number of seconds")
        age = datetime.now(UTC).timestamp() - int(needed["webhook-timestamp"])
        if abs(age) > TOLERANCE.total_seconds():
            return Receipt(Verdict.STALE, f"signed {abs(age):.0f} s {'ago' if age > 0 else 'in the future'}")
        if not any(_genuine(key, needed, body) for key in self._keys):
            return Receipt(Verdict.FORGED, "no signature matches a known secret")
        try:
            return _message(needed["webhook-id"], body)
        except (ValueError, RecursionError) as error:
            return Receipt(Verdict.MALFORMED, str(error) or type(error).__name__)

    def apply(self, message: Message, handle: Handler) -> Receipt:
        """Call `handle` if it is the message's turn, in the transaction that records the message."""
        with self._transaction() as books:
            last = _last(books, message.subscription_id)
            if message.sequence <= last:
                if _noted(books, message):
                    return Receipt(Verdict.REPEAT, f"already applied; the last one is {last}", message)
                return Receipt(Verdict.PASSED, f"{last} is already applied", message)
            # Not "is equal": a message that the sender gave up may have been applied here all the same.
            if message.previous > last:
                return Receipt(Verdict.EARLY, f"waits for {message.previous}; the last one is {last}", message)
            now = datetime.now(UTC).isoformat()
            books.execute("INSERT INTO inbox VALUES (?, ?, ?)", (message.subscription_id, message.sequence, now))
            handle(books, message)
        return Receipt(Verdict.APPLIED, "", message)

    def applied(self, subscription_id: str) -> list[int]:
        """The sequence numbers that were applied, in order."""
        with closing(self.open()) as books:
            rows = books.execute(
                "SELECT sequence FROM inbox WHERE subscription_id = ? ORDER BY sequence", (subscription_id,)
            )
            return [sequence for (sequence,) in rows]

    def begin_after(self, subscription_id: str, sequence: int) -> None:
        """Count everything up to `sequence` as applied. Use it once if the inbox starts late or its file was lost."""
        with self._transaction() as books:
            if _last(books, subscription_id) < sequence:
                now = datetime.now(UTC).isoformat()
                books.execute("INSERT INTO inbox VALUES (?, ?, ?)", (subscription_id, sequence, now))

    def open(self) -> sqlite3.Connection:
        """A connection to the inbox's file, which may hold your own tables too. Begin transactions explicitly."""
        books = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        # An acknowledged message must survive a power cut.
        books.execute("PRAGMA synchronous = FULL")
        return books

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with closing(self.open()) as books:
            # Lock for writing at once, so that two copies of a message cannot both find it not applied.
            books.execute("BEGIN IMMEDIATE")
            try:
                yield books
            except BaseException:
                books.execute("ROLLBACK")
                raise
            books.execute("COMMIT")


def _last(books: sqlite3.Connection, subscription_id: str) -> int:
    query = "SELECT max(sequence) FROM inbox WHERE subscription_id = ?"
    (last,) = books.execute(query, (subscription_id,)).fetchone()
    return int(last or 0)


def _noted(books: sqlite3.Connection, message: Message) -> bool:
    query = "SELECT 1 FROM inbox WHERE subscription_id = ? AND sequence = ?"
    return books.execute(query, (message.subscription_id, message.sequence)).fetchone() is not None


def _key(secret: str) -> Webhook:
    try:
        if re.fullmatch(r"(whsec_)?[A-Za-z0-9+/]+=*", secret):
            return Webhook(secret)
    except ValueError:
        # Not raised further: it could show the secret.
        pass
    raise ValueError("a secret is whsec_ and base64, as the operator gave it to you")


def _genuine(key: Webhook, headers: dict[str, str], body: bytes) -> bool:
    try:
        key.verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):
        # The library raises ValueError for a malformed list of signatures, and for a body that is not text.
        return False
    return True


def _message(webhook_id: str, body: bytes) -> Message:
    content = json.loads(body)
    if not isinstance(content, dict):
        raise ValueError("the body is not a JSON object")
    subscription_id, _, number = webhook_id.rpartition(":")
    data = content.get("data", content)
    if not isinstance(data, dict):
        raise ValueError("data is not a JSON object")
    sequence, previous = data.get("sequence"), data.get("previous")
    # `type`, not isinstance: a JSON true is an int in Python.
    if type(sequence) is not int or type(previous) is not int or not 0 <= previous < sequence <= LARGEST_SEQUENCE:
        raise ValueError("sequence and previous must be whole numbers with 0 <= previous < sequence")
    named = data.get("subscription_id", data.get("perennialSubscriptionId", subscription_id))
    if not subscription_id or number != str(sequence) or named != subscription_id:
        raise ValueError("webhook-id does not match the body's subscription and sequence")
    return Message(subscription_id, sequence, previous, content)
