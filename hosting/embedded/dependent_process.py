"""A child process that does not outlive this one, even if this one is killed with -9."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

# Linux kills a child with its parent if the child asks for it. A small program asks, rather than preexec_fn, since
# forking a process with threads (such as this one) may deadlock. If the parent has died by then, the program exits.
_ASK_TO_DIE_WITH_PARENT = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


def start(
    command: Sequence[str | Path],
    *,
    output: BinaryIO,
    environment: Mapping[str, str],
    inherited: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start the command in its own session, so that Ctrl-C reaches only this process, which then stops the child.

    Call it from a thread that lives as long as the child should: Linux kills the child when that thread ends.
    """
    words = [str(word) for word in command]
    if sys.platform == "linux":
        words = [sys.executable, "-I", "-S", "-c", _ASK_TO_DIE_WITH_PARENT, str(os.getpid()), *words]
    return subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=dict(environment),
        start_new_session=True,
        pass_fds=tuple(inherited),
    )
