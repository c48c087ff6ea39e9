"""TCP ports of this machine, for the servers that Perennial starts on it."""

import contextlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from activities.settings import LOOPBACK
from hosting.temporal.errors import PortInUse

LISTENING = "0A"
"""The state of a listening socket in Linux's table of them."""


def free_ports(count: int) -> list[int]:
    """That many different ports that are free now."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]


def require_free(port: int, purpose: str) -> None:
    """Raise PortInUse, with what the port is for: the server itself would only log it."""
    if not 1 <= port <= 65535:
        raise PortInUse(f"Port {port} for {purpose} is not a port: choose one from 1 to 65535.")
    with socket.socket() as probe:
        # As the server does: a port in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except PermissionError:
            raise PortInUse(
                f"Port {port} for {purpose} needs more rights than you have: choose one above 1023."
            ) from None
        except OSError:
            raise PortInUse(
                f"Port {port} for {purpose} is in use: stop the program that uses it, or choose another port."
            ) from None


def listens(pid: int, port: int) -> bool:
    """Whether it is this process that listens on the port. Where a machine does not tell (macOS), it is believed."""
    table = Path(f"/proc/{pid}/net/tcp")
    if not table.exists():
        return not Path("/proc").exists()
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[3] == LISTENING and row[1].endswith(f":{port:04X}")}
    try:
        return any(os.readlink(opened) in sockets for opened in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False  # it has ended, or has just closed what was looked at: ask again


@dataclass(frozen=True)
class Endpoints:
    """Where a server is. `owner_pid` is the process that started it and will stop it."""

    address: str
    http_address: str
    ui_address: str | None
    pid: int
    owner_pid: int
