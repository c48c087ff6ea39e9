"""A child process that does not outlive us, even when we are killed with -9."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

# Linux can kill a child with its parent; it has to be asked by the child. Asked in a small program of
# its own and not in preexec_fn, because forking a process that has threads (as ours does) may deadlock.
# A parent that died in the meantime is seen by its absence.
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
    """Start it in a session of its own: Ctrl-C reaches us, and we stop it when we are done with it.

    Call it from a thread that lives as long as the child should: Linux goes by the thread.
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
