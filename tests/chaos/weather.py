"""What happens to workers, server and database while lives are lived: in an order that the seed gives."""

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

import psycopg
from temporalio.client import Client
from temporalio.service import RPCError

from hosting.embedded.server import EmbeddedServer
from perennial.deployment.deployment import Deployment
from tests.chaos.zygote import Workers
from tests.support.live.builds import set_current, set_ramping
from tests.support.publisher.endpoint import Answer
from workflows.calls.errors import CallError, NotAnswered
from workflows.durable.operator import Operator
from workflows.subscription.client import Subscriptions
from workflows.subscription.messages import Migration

LOCKED_SECONDS = 1.5
"""Longer than a transaction waits for a lock."""
FULL_SECONDS = 1.0
AWAY_SECONDS = 2.0
BUILDS = "build-a", "build-b"
MOVED = 10
"""How many sleeping workflows are moved to another build at a time."""
PATIENCE = 30.0
"""Seconds until a disaster that does not come about is given up, and not counted."""
AT_ONCE = 3
"""How many subscriptions are handed over, or asked for a first answer, at a time."""


class Books(ABC):
    """The database, as somebody who can harm it sees it."""

    def __init__(self, url: str) -> None:
        self.url = url

    @abstractmethod
    async def locked(self) -> None:
        """Let nobody write for a while."""

    @abstractmethod
    async def full(self, workers: Workers) -> None:
        """Let no file grow for a while."""


class SqliteBooks(Books):
    """A file: it has no server that can be restarted or away."""

    async def locked(self) -> None:
        connection = sqlite3.connect(self.url.removeprefix("sqlite:///"), isolation_level=None, timeout=5)
        try:
            connection.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(LOCKED_SECONDS)
            connection.execute("ROLLBACK")
        finally:
            connection.close()

    async def full(self, workers: Workers) -> None:
        await _no_file_grows(list(workers.pids))


class PostgresBooks(Books):
    """A database of a server whose process ids the database itself tells."""

    def __init__(self, url: str, postmaster: Path) -> None:
        super().__init__(url)
        self._postmaster = postmaster

    async def locked(self) -> None:
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            await connection.execute("SET lock_timeout = '5s'")
            await connection.execute("LOCK TABLE subscription, account_event IN EXCLUSIVE MODE")
            await asyncio.sleep(LOCKED_SECONDS)
            await connection.rollback()

    async def full(self, workers: Workers) -> None:
        await _no_file_grows(await self._backends())

    async def restarted(self) -> None:
        _signal((await self._backends())[:1], signal.SIGKILL)

    async def away(self) -> None:
        pids = [int(self._postmaster.read_text().split()[0]), *await self._backends()]
        try:
            _signal(pids, signal.SIGSTOP)
            await asyncio.sleep(AWAY_SECONDS)
        finally:
            _signal(pids, signal.SIGCONT)

    async def _backends(self) -> list[int]:
        words = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            return [pid for (pid,) in await (await connection.execute(words)).fetchall()]


async def _no_file_grows(pids: list[int]) -> None:
    """The kernel refuses what these processes would write behind a file's first 4 KiB, as on a full disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        await asyncio.to_thread(_limit, pids, 4096, hard)
        await asyncio.sleep(FULL_SECONDS)
    finally:
        await asyncio.to_thread(_limit, pids, hard, hard)


def _limit(pids: list[int], size: int, hard: int) -> None:
    """Bound the files that these processes write; where they are another user's, by a process of that user."""
    for pid in pids:
        with suppress(ProcessLookupError, FileNotFoundError):
            owner = os.stat(f"/proc/{pid}").st_uid
            if owner == os.geteuid():
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
            else:
                words = f"import resource; resource.prlimit({pid}, resource.RLIMIT_FSIZE, ({size}, {hard}))"
                # The system's Python: that user may not read ours.
                subprocess.run(
                    ["/usr/bin/env", "python3", "-c", words],
                    user=owner,
                    cwd="/",
                    check=False,
                    env={"PATH": "/usr/bin:/bin"},
                    stderr=subprocess.DEVNULL,
                )


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


class Builds:
    """Two builds of the workers, of the same code: new runs go to both, half of them to each."""

    def __init__(self, client: Client, deployment: Deployment) -> None:
        self._client, self._deployment = client, deployment
        self._current, self._ramping = BUILDS

    async def route(self) -> None:
        """Tell the server, as soon as workers of both are there."""
        await set_current(self._client, self._current)
        await set_ramping(self._client, self._ramping, 50)

    async def turned(self) -> None:
        """Every run belongs on the other build now: what has something to do moves, and what sleeps, by `migrate`."""
        self._current, self._ramping = self._ramping, self._current
        await self.route()
        moves = await self._deployment.migrate(self._current, canary=0, per_second=20, limit=MOVED)
        if not moves.moved:
            raise NotAnswered(f"nothing moved: {moves}")


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
