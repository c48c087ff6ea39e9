"""The lock on a data directory: one process at a time runs a server on its files."""

import fcntl
import os
from pathlib import Path

from hosting.embedded.ports import Endpoints
from hosting.temporal.errors import DirectoryInUse

LOCK_NAME = "server.lock"


class ServerLock:
    """A lock of the kernel, so a holder that was killed leaves nothing to clean up.

    A process that inherits the file descriptor holds the lock too: the server inherits it, so the files stay locked
    while the server lives, even if its parent is gone. The file's content tells other processes where the server is.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / LOCK_NAME
        self._descriptor: int | None = None

    @property
    def path(self) -> Path:
        return self._path

    def acquire(self) -> bool:
        """Take the lock; False if another process has it. Raises DirectoryInUse for an unusable directory."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise DirectoryInUse(
                f"The data directory {self._path.parent} cannot be used: {error.strerror}. "
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
        os.pwrite(self.fileno(), endpoints.to_json().encode(), 0)

    def withdraw(self) -> None:
        """Call it before the server stops, so that no process joins a server that is about to end."""
        os.ftruncate(self.fileno(), 0)

    def published(self) -> Endpoints | None:
        """Where the lock holder's server is; None while it is starting."""
        try:
            return Endpoints.from_json(self._path.read_text())
        except OSError:
            return None

    def release(self) -> None:
        # Closed, not unlocked: unlocking would also take the lock from a server that inherited it.
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
