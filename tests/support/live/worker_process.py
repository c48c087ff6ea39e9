"""A worker process that can be killed and started again while it works."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.paths import ROOT


class MortalWorker:
    """`worker.py` on the server's address, with its files in the directory, and the secrets of that file.

    `checkout` has its code. `settings` are more of its variables.
    """

    def __init__(
        self,
        address: str,
        directory: Path,
        task_queue: str,
        secrets: Path | None = None,
        *,
        checkout: Path = ROOT,
        **settings: str,
    ) -> None:
        self._checkout = checkout
        self._command = [sys.executable, str(checkout / "worker.py"), "--address", address]
        self._environment = {
            **os.environ,
            "PERENNIAL_DATA_DIR": str(directory),
            "PERENNIAL_PREPARE": "on",
            "PERENNIAL_TASK_QUEUE": task_queue,
            "PERENNIAL_TENANTS_PORT": "0",
            "PERENNIAL_GATEWAY_PORT": "0",
            "PERENNIAL_SECRETS_FILE": str(secrets or ""),
            **settings,
        }
        self._log = (directory / "worker.log").open("ab")
        self.kills = 0
        self._process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self._command, env=self._environment, cwd=self._checkout, stdout=self._log, stderr=self._log
        )

    def kill(self) -> None:
        """It dies without a word; another one begins."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self.kills += 1
        self._process = self._start()

    @contextmanager
    def on_a_full_disk(self) -> Iterator[None]:
        """The kernel lets it write no file behind its first 4 KiB."""
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (4096, hard))
        try:
            yield
        finally:
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (hard, hard))

    def stop(self) -> None:
        """End the last one."""
        self._process.kill()
        self._process.wait()
        self._log.close()
