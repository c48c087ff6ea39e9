"""One embedded server for all the processes that use a data directory."""

import asyncio
import contextlib
import fcntl
import json
import os
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from hosting.embedded.ports import Endpoints
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.errors import DirectoryInUse, ServerGone

DATABASE_NAME = "temporal.db"
LOCK_NAME = "server.lock"

# On Linux the kernel kills a server whose owner was killed; on other systems it stays.
ORPHAN_GRACE_SECONDS = 2.0

WATCH_SECONDS = 0.5
"""How often to check that the server is there. It is gone when it does not answer twice in a row."""


class ServerLock:
    """A lock of the kernel, so a holder that was killed leaves nothing to clean up.

    A process that inherits the file descriptor holds the lock too: the server inherits it, so the files stay locked
    while the server lives, even if its parent is gone. The file's content tells other processes where the server is.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / LOCK_NAME
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock; False if another process has it. Raises DirectoryInUse for an unusable directory."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise DirectoryInUse(
                f"The data directory {self.path.parent} cannot be used: {error.strerror}. "
                "Choose a directory that you can write to."
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        self._descriptor = descriptor
        return True

    def fileno(self) -> int:
        assert self._descriptor is not None, "acquire it first"
        return self._descriptor

    def publish(self, endpoints: Endpoints) -> None:
        os.pwrite(self.fileno(), json.dumps(asdict(endpoints)).encode(), 0)

    def withdraw(self) -> None:
        """Call it before the server stops, so that no process joins a server that is about to end."""
        os.ftruncate(self.fileno(), 0)

    def published(self) -> Endpoints | None:
        """Where the lock holder's server is; None while it is starting, or if it was interrupted while writing."""
        try:
            return Endpoints(**json.loads(self.path.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def is_held(self) -> bool:
        """Whether a process has it. Nothing is changed, and no file is made."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def release(self) -> None:
        # Closed, not unlocked: unlocking would also take the lock from a server that inherited it.
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


@dataclass(frozen=True)
class SharedServer:
    """The server; `joined` says that another process runs it, and that it stops with that process."""

    endpoints: Endpoints
    joined: bool

    async def watch(self) -> None:
        """Raise ServerGone once the server does not answer at its port any more; never return."""
        missed = 0
        while missed < 2:
            await asyncio.sleep(WATCH_SECONDS)
            missed = 0 if await _answers(self.endpoints.address) else missed + 1
        whose = "that another process ran on these files" if self.joined else "of this process"
        raise ServerGone(
            f"The Temporal server {whose} at {self.endpoints.address} has stopped, so this worker stops too. "
            "Start it again: it then runs its own server."
        )


def running_server(directory: Path) -> Endpoints | None:
    """Where the server is that runs on the directory's files; None if there is none, or it is starting or stopping."""
    lock = ServerLock(directory)
    # A process that was killed leaves the file as it was, but not the lock.
    return lock.published() if lock.is_held() else None


@contextlib.asynccontextmanager
async def shared_server(
    directory: Path,
    *,
    port: int = 0,
    http_port: int = 0,
    ui_port: int | None = None,
    namespace: str = "default",
    join_timeout: timedelta = timedelta(seconds=30),
) -> AsyncIterator[SharedServer]:
    """Start a server on the directory's files, or join the one that runs there. Raises DirectoryInUse, ServerFailed."""
    lock = ServerLock(directory)
    first = await _acquire_or_find(lock, join_timeout)
    if first is not None:
        yield SharedServer(first, joined=True)
        return
    try:
        async with EmbeddedServer(
            directory,
            db_filename=directory / DATABASE_NAME,
            port=port,
            http_port=http_port,
            ui_port=ui_port,
            namespace=namespace,
            inherited=[lock.fileno()],
        ) as server:
            lock.publish(server.endpoints)
            try:
                yield SharedServer(server.endpoints, joined=False)
            finally:
                lock.withdraw()
    finally:
        lock.release()


async def _acquire_or_find(lock: ServerLock, timeout: timedelta) -> Endpoints | None:
    """None once this process has the lock; else where its holder's server is.

    Waits while the holder is starting or stopping. Raises DirectoryInUse after the timeout.
    """
    began = time.monotonic()
    while not lock.acquire():
        first = lock.published()
        waited = time.monotonic() - began
        lasting = first is not None and (_exists(first.owner_pid) or waited > ORPHAN_GRACE_SECONDS)
        if first is not None and lasting and await _answers(first.address):
            return first
        if waited > timeout.total_seconds():
            where = f"process {first.pid} at {first.address}" if first else "another process"
            raise DirectoryInUse(
                f"The data directory {lock.path.parent} is in use by {where}, whose server does not answer: "
                "stop that process, or choose another data directory."
            )
        await asyncio.sleep(0.05)
    return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it exists and is somebody else's
    return True


async def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), 1)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
