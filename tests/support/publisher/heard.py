"""What a publisher heard in a chaos test: found in its own log and inbox, and told in figures."""

import asyncio
from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from typing import Any

from examples.publisher.log import Entry
from examples.publisher.server import PublisherServer

EVERYTHING = 100_000


class Heard:
    """Every request that came in, by subscription, in the order in which they came."""

    def __init__(self, publisher: PublisherServer) -> None:
        self.figures = publisher.log.figures()
        self._entries = publisher.log.page(limit=EVERYTHING)[::-1]
        self.of: dict[str | None, list[Entry]] = defaultdict(list)
        for entry in self._entries:
            self.of[entry.subscription_id].append(entry)

    def first_arrivals(self, subscription_id: str) -> list[tuple[int | None, int | None]]:
        """Sequence and previous of each event as it came first."""
        first = {entry.sequence: entry.previous for entry in reversed(self.of[subscription_id])}
        order = dict.fromkeys(entry.sequence for entry in self.of[subscription_id])
        return [(sequence, first[sequence]) for sequence in order]

    def bodies(self, subscription_id: str) -> dict[str, set[str | None]]:
        """What came under each id: one body each, however often it came."""
        found: dict[str, set[str | None]] = defaultdict(set)
        for entry in self.of[subscription_id]:
            found[entry.message_id].add(entry.body)
        return dict(found)

    def told(self, **others: Any) -> str:
        """The figures, a line each."""
        at = [datetime.fromisoformat(entry.received_at) for entry in self._entries]
        silence = max((later - earlier).total_seconds() for earlier, later in pairwise(at))
        lines = {
            "events": self.figures.verdicts.get("applied", 0),
            "tries that came in": self.figures.requests,
            **{f"fault: {fault}": count for fault, count in self.figures.faults.items()},
            "repeats": self.figures.verdicts.get("repeat", 0),
            "longest silence, s": f"{silence:.1f}",
            "from first to last, s": f"{(at[-1] - at[0]).total_seconds():.1f}",
            **others,
        }
        return "\n".join(f"{name:<24}{value:>8}" for name, value in lines.items())


async def applied(publisher: PublisherServer) -> int:
    """How many events the publisher's inbox has applied."""

    def count() -> int:
        with publisher.inbox.open() as books:
            (number,) = books.execute("SELECT count(*) FROM inbox").fetchone()
            return int(number)

    return await asyncio.to_thread(count)
