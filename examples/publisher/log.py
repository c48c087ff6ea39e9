"""A log of every request that came in, with its verdict."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from examples.publisher.dialects import facts_of
from examples.publisher.faults import Fault
from examples.receiver.inbox import Message, Receipt

KEPT = 100_000
"""The number of entries kept; older ones are deleted."""
FAULTED = "faulted"
"""The verdict on a message that did not reach the inbox because of a fault."""
_SCHEMA = """CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY AUTOINCREMENT, received_at TEXT NOT NULL, verdict TEXT NOT NULL, why TEXT NOT NULL,
    fault TEXT, message_id TEXT NOT NULL, subscription_id TEXT, sequence INTEGER, previous INTEGER, event TEXT,
    state TEXT, quantity INTEGER, body TEXT);
CREATE INDEX IF NOT EXISTS requests_of ON requests (subscription_id, number)"""
_COLUMNS = (
    "number, received_at, verdict, why, fault, message_id, subscription_id, sequence, previous, event, state, "
    "quantity, body"
)


@dataclass(frozen=True)
class Entry:
    """One request. Fields that only a genuine message has are None for any other; `body` is its JSON."""

    number: int
    received_at: str
    verdict: str
    why: str
    fault: str | None
    message_id: str
    subscription_id: str | None = None
    sequence: int | None = None
    previous: int | None = None
    event: str | None = None
    state: str | None = None
    quantity: int | None = None
    body: str | None = None


@dataclass(frozen=True)
class Figures:
    """Counts over the entries. The last two show mistakes of the receiver and must be 0."""

    requests: int
    verdicts: dict[str, int]
    faults: dict[str, int]
    subscriptions: int
    applied_twice: int
    applied_out_of_order: int


class Log:
    """The log, in the inbox's file. An applied message's entry is written in the same transaction."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        with closing(connect()) as books:
            books.executescript(_SCHEMA)

    def note(self, books: sqlite3.Connection, message: Message, verdict: str, why: str, fault: Fault | None) -> None:
        """Log a genuine message."""
        facts = facts_of(message)
        self._add(
            books,
            Entry(
                0, _now(), verdict, why, fault, message.id, message.subscription_id, message.sequence,
                message.previous, facts.event, facts.state, facts.quantity, json.dumps(message.body),
            ),
        )  # fmt: skip

    def refused(self, receipt: Receipt, claimed_id: str) -> None:
        """Log a request that is not genuine. Only the id that it claims is kept."""
        with closing(self._connect()) as books:
            self._add(books, Entry(0, _now(), receipt.verdict, receipt.why, None, claimed_id[:200]))

    def note_unapplied(self, message: Message, verdict: str, why: str, fault: Fault | None) -> None:
        """Log a genuine message that was not applied."""
        with closing(self._connect()) as books:
            self.note(books, message, verdict, why, fault)

    def page(self, subscription_id: str = "", *, before: int | None = None, limit: int = 50) -> list[Entry]:
        """The newest entries, of one subscription if it is named, before the one with this number."""
        with closing(self._connect()) as books:
            rows = books.execute(
                f"SELECT {_COLUMNS} FROM requests WHERE (:one = '' OR subscription_id = :one) "  # noqa: S608
                "AND (:before IS NULL OR number < :before) ORDER BY number DESC LIMIT :limit",
                {"one": subscription_id, "before": before, "limit": limit},
            )
            return [Entry(*row) for row in rows]

    def figures(self) -> Figures:
        """The counts."""
        with closing(self._connect()) as books:
            verdicts = dict(books.execute("SELECT verdict, count(*) FROM requests GROUP BY verdict ORDER BY verdict"))
            faults = dict(
                books.execute("SELECT fault, count(*) FROM requests WHERE fault IS NOT NULL GROUP BY fault ORDER BY 1")
            )
            (subscriptions,) = books.execute("SELECT count(DISTINCT subscription_id) FROM requests").fetchone()
            (twice, misplaced) = books.execute(
                "SELECT count(*) - count(DISTINCT message_id), coalesce(sum(sequence < highest), 0) FROM "
                "(SELECT message_id, sequence, max(sequence) OVER (PARTITION BY subscription_id ORDER BY number "
                "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS highest FROM requests WHERE verdict = 'applied')"
            ).fetchone()
        return Figures(sum(verdicts.values()), verdicts, faults, subscriptions, twice, misplaced)

    def _add(self, books: sqlite3.Connection, entry: Entry) -> None:
        values = (entry.received_at, entry.verdict, entry.why, entry.fault, entry.message_id, entry.subscription_id,
                  entry.sequence, entry.previous, entry.event, entry.state, entry.quantity, entry.body)  # fmt: skip
        marks = ", ".join("?" * len(values))
        added = books.execute(
            f"INSERT INTO requests ({_COLUMNS.removeprefix('number, ')}) VALUES ({marks})",  # noqa: S608
            values,
        )
        assert added.lastrowid is not None
        books.execute("DELETE FROM requests WHERE number <= ?", (added.lastrowid - KEPT,))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
