"""The program at a terminal of its own: what a person sees, without colours and moves of the cursor."""

import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from fcntl import ioctl

from tests.support.paths import ROOT

# A shell that runs tests in the background has its children ignore Ctrl-C.
HEEDING = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
STARTED = [sys.executable, "-c", f"{HEEDING}; runpy.run_path('starter.py', run_name='__main__')"]
"""What starts the program so that it hears Ctrl-C."""
NARROW = {"COLUMNS": "80", "TTY_COMPATIBLE": "1", "NO_COLOR": "1"}
"""The variables by which a program whose output is captured prints as at a terminal of 80 columns."""
MOST_SHOWN = 2000
"""How many of the last characters a failure shows."""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A running program, and what it has printed so far."""

    def __init__(self, screen: int, process: subprocess.Popen[bytes]) -> None:
        self._screen, self._process, self._read = screen, process, b""

    @property
    def raw(self) -> str:
        """All of it."""
        return self._read.decode(errors="replace")

    @property
    def said(self) -> str:
        """All of it as a person reads it."""
        return _CONTROL.sub("", self.raw).replace("\r", "")

    def wait_for(self, words: str | re.Pattern[str], seconds: float = 60) -> str:
        """What was printed, once that is in it."""
        wanted = re.compile(re.escape(words)) if isinstance(words, str) else words
        latest = time.monotonic() + seconds
        while not wanted.search(self.said):
            left = latest - time.monotonic()
            assert left > 0, f"{words!r} did not come: {self.said[-MOST_SHOWN:]}"
            assert select.select([self._screen], [], [], left)[0], f"{words!r} did not come: {self.said[-MOST_SHOWN:]}"
            try:
                self._read += os.read(self._screen, 65536)
            except OSError:
                # It has ended, and all is read.
                raise AssertionError(f"{words!r} did not come: {self.said[-MOST_SHOWN:]}") from None
        return self.said

    def interrupted(self, seconds: float = 30) -> int:
        """The exit code after Ctrl-C; all that was printed is read."""
        self._process.send_signal(signal.SIGINT)
        latest = time.monotonic() + seconds
        with suppress(OSError):  # it has ended, and all is read
            while select.select([self._screen], [], [], max(0, latest - time.monotonic()))[0]:
                self._read += os.read(self._screen, 65536)
        return self._process.wait(max(0, latest - time.monotonic()))


@contextmanager
def at_a_terminal(*args: str, columns: int = 80, env: Mapping[str, str]) -> Iterator[Terminal]:
    """The program with a terminal of that width."""
    screen, its = pty.openpty()
    ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [*STARTED, *args],
        stdin=its,
        stdout=its,
        stderr=its,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "TERM": "xterm", "LANG": "C.UTF-8", **env},
    )
    os.close(its)
    try:
        yield Terminal(screen, process)
    finally:
        process.kill()
        process.wait()
        os.close(screen)
