"""The workers of a chaos test, seen from the test: they begin quickly, die, and are replaced."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Self

from tests.chaos.worker import WorkerOrder
from tests.support.paths import ROOT

AGAIN_SECONDS = 0.05
"""Before a worker that has died is replaced."""


class Zygote:
    """The process that forks workers. It ends, with all of them, when this does."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._started: asyncio.Queue[int] = asyncio.Queue()
        self._lock = asyncio.Lock()
        self._ended: dict[int, asyncio.Event] = {}
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        pipe = asyncio.subprocess.PIPE
        words = (sys.executable, "-m", "tests.chaos.worker")
        self._process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, cwd=ROOT)
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        if self._reading is not None:
            await self._reading

    async def start(self, order: WorkerOrder) -> tuple[int, asyncio.Event]:
        """The new worker's process id, and the event of its end."""
        assert self._process is not None
        assert self._process.stdin is not None
        async with self._lock:
            self._process.stdin.write(order.line())
            pid = await self._started.get()
        return pid, self._ended[pid]

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            what, pid = line.decode().split()
            if what == "started":
                self._ended[int(pid)] = asyncio.Event()
                self._started.put_nowait(int(pid))
            else:
                self._ended[int(pid)].set()


class Workers:
    """A worker of each order: each that dies is replaced, unless they are to stay away. `pids` live now."""

    def __init__(self, zygote: Zygote, *orders: WorkerOrder) -> None:
        self._zygote, self._orders = zygote, orders
        self.pids: set[int] = set()
        self._may_work = asyncio.Event()
        self._may_work.set()
        self.deaths = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Inside, they run."""
        keeping = [asyncio.create_task(self._keep(order)) for order in self._orders]
        try:
            yield self
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
            for pid in self.pids:
                _kill(pid)

    def kill(self, choose: Callable[[list[int]], int]) -> bool:
        """Kill one, if any lives."""
        if self.pids:
            _kill(choose(sorted(self.pids)))
            return True
        return False

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """All are killed, and none works inside."""
        self._may_work.clear()
        for pid in list(self.pids):
            _kill(pid)
        try:
            yield
        finally:
            self._may_work.set()

    async def _keep(self, order: WorkerOrder) -> None:
        while True:
            await self._may_work.wait()
            starting = asyncio.ensure_future(self._zygote.start(order))
            try:
                pid, ended = await asyncio.shield(starting)
            except asyncio.CancelledError:
                # It begins all the same, and would take somebody else's place.
                _kill((await starting)[0])
                raise
            self.pids.add(pid)
            try:
                await ended.wait()
                self.pids.discard(pid)
                self.deaths += 1
            except asyncio.CancelledError:
                _kill(pid)
                raise
            await asyncio.sleep(AGAIN_SECONDS)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
