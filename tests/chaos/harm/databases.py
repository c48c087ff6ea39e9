"""Databases as somebody who can harm them sees them: locked, full, restarted and away."""

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

import psycopg

from tests.chaos.zygote import Workers

LOCKED_SECONDS = 1.5
"""Longer than a transaction waits for a lock."""
FULL_SECONDS = 1.0
AWAY_SECONDS = 2.0


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
