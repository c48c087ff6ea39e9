"""What happens to workers, server and database while lives are lived: in an order that the seed gives."""

import asyncio
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from random import Random

import psycopg
from temporalio.client import Client
from temporalio.service import RPCError

from hosting.embedded.server import EmbeddedServer
from perennial.bulk.moving import MOVED as TYPES
from tests.chaos.harm.databases import AWAY_SECONDS, Books, PostgresBooks
from tests.chaos.zygote import Workers
from tests.support.live.builds import set_current, set_ramping
from tests.support.publisher.endpoint import Answer
from workflows.calls.errors import CallError, NotAnswered
from workflows.calls.versions import Versions
from workflows.durable.operator import Operator
from workflows.subscription.client import Subscriptions
from workflows.subscription.messages import Migration

BUILDS = "build-a", "build-b"
MOVED = 10
"""How many sleeping workflows are moved to another build at a time."""
PATIENCE = 30.0
"""Seconds until a disaster that does not come about is given up, and not counted."""
AT_ONCE = 3
"""How many subscriptions are handed over, or asked for a first answer, at a time."""


class Builds:
    """Two builds of the workers, of the same code: new runs go to both, half of them to each."""

    def __init__(self, client: Client, versions: Versions) -> None:
        self._client, self._versions = client, versions
        self._current, self._ramping = BUILDS

    async def route(self) -> None:
        """Tell the server, as soon as workers of both are there."""
        await set_current(self._client, self._current)
        await set_ramping(self._client, self._ramping, 50)

    async def turned(self) -> None:
        """Every run belongs on the other build now: what has something to do moves; some that sleep are moved."""
        self._current, self._ramping = self._ramping, self._current
        await self.route()
        moved, request = 0, Operator(by="system", note="the routing has turned")
        some = [each async for each in self._versions.elsewhere(self._current, TYPES)][:MOVED]
        for workflow_id, run_id in some:
            with suppress(CallError):
                moved += await self._versions.move(workflow_id, run_id, request) == self._current
        if not moved:
            raise NotAnswered(f"nothing moved of {len(some)}")


class Moods(dict[str, Answer]):
    """A publisher's answers, drawn from the seed: three in ten are bad."""

    def __init__(self, seed: int, counts: Counter[str]) -> None:
        super().__init__()
        self._random, self._counts, self.calm = Random(seed), counts, False

    def get(self, key: str, _: Answer = 204) -> Answer:  # type: ignore[override]
        drawn = self._random.random()
        if self.calm or drawn > 0.3:
            return 204
        self._counts["publisher bad"] += 1
        return 500 if drawn < 0.15 else 429 if drawn < 0.25 else self._slow

    async def _slow(self) -> int:
        await asyncio.sleep(3)
        return 204


class Weather:
    """Disasters, one after the other, counted by name."""

    def __init__(
        self,
        seed: int,
        server: EmbeddedServer,
        workers: Workers,
        books: Books,
        builds: Builds,
        living: set[str],
        subscriptions: Subscriptions,
    ) -> None:
        self._random = Random(seed)
        self._server, self._workers, self._books = server, workers, books
        self._living, self._subscriptions = living, subscriptions
        self.counts: Counter[str] = Counter()
        self.first_answers: list[float] = []
        """Seconds from each kill of the server to the first answer of a subscription."""
        self._kinds: dict[str, tuple[int, Callable[[], Awaitable[None]]]] = {
            "worker killed": (30, self._kill_worker),
            "server killed": (2, self._kill_server),
            "database locked": (2, books.locked),
            "database full": (2, lambda: books.full(workers)),
            "all workers away": (2, self._workers_away),
            "handed over": (6, self._hand_over),
            "migrated to another build": (2, builds.turned),
        }
        if isinstance(books, PostgresBooks):
            self._kinds |= {"database restarted": (2, books.restarted), "database away": (1, books.away)}

    @property
    def names(self) -> set[str]:
        """All that has to happen in a storm that counts."""
        return {*self._kinds, "publisher bad"}

    @asynccontextmanager
    async def raging(self, pause: float) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """Disasters happen with pauses of so many seconds on average, until what it yields is called, or it ends."""
        task = asyncio.create_task(self._rage(pause))

        async def calm() -> None:
            if task.done() and not task.cancelled():
                task.result()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            if not self._server.running:
                await self._server.start()

        try:
            yield calm
        finally:
            await calm()

    async def _rage(self, pause: float) -> None:
        while True:
            # A deck, not dice: each kind comes in each round, and first of all once.
            deck = [name for name in self._kinds if not self.counts[name]]
            deck = deck or [name for name, (times, _) in self._kinds.items() for _ in range(times)]
            self._random.shuffle(deck)
            for name in deck:
                await asyncio.sleep(self._random.uniform(0.5, 1.5) * pause)
                with suppress(psycopg.OperationalError, sqlite3.OperationalError, CallError, RPCError, TimeoutError):
                    async with asyncio.timeout(PATIENCE):
                        await self._kinds[name][1]()
                    self.counts[name] += 1

    async def _kill_worker(self) -> None:
        self._workers.kill(self._random.choice)

    async def _kill_server(self) -> None:
        killed = time.monotonic()
        os.kill(self._server.endpoints.pid, signal.SIGKILL)
        while self._server.running:
            await asyncio.sleep(0.01)
        await self._server.start()
        while self._living and not await self._one_answers():
            pass
        if self._living:
            self.first_answers.append(time.monotonic() - killed)

    async def _one_answers(self) -> bool:
        """Whether one of some living subscriptions has answered: whichever is first."""
        asking = [asyncio.ensure_future(self._subscriptions.life(each)) for each in self._some_living()]
        try:
            for answer in asyncio.as_completed(asking):
                with suppress(CallError):
                    await answer
                    return True
            return False
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    async def _workers_away(self) -> None:
        async with self._workers.away():
            await asyncio.sleep(AWAY_SECONDS)

    async def _hand_over(self) -> None:
        request: Operator = Migration(by="system")
        for each in self._some_living():
            with suppress(CallError, TimeoutError):
                async with asyncio.timeout(2):
                    await self._subscriptions.operate(each, "migrate", request)

    def _some_living(self) -> list[str]:
        return self._random.sample(sorted(self._living), min(AT_ONCE, len(self._living)))
