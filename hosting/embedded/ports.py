"""TCP ports of this machine, for the servers that Perennial starts on it."""

import contextlib
import dataclasses
import json
import socket

from hosting.temporal.errors import PortInUse

LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Ports that are free now and differ from one another."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]


def require_free(port: int, purpose: str) -> None:
    """Refuse early, by name: the server itself would say it in its log only."""
    if not 1 <= port <= 65535:
        raise PortInUse(f"Port {port} for {purpose} is not a port: take one from 1 to 65535.")
    with socket.socket() as probe:
        # As the server does: a port that only lingers after its last user is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except PermissionError:
            raise PortInUse(
                f"Port {port} for {purpose} needs more rights than you have: take one above 1023."
            ) from None
        except OSError:
            raise PortInUse(
                f"Port {port} for {purpose} is in use: stop the program that has it, or choose another port."
            ) from None


@dataclasses.dataclass(frozen=True)
class Endpoints:
    address: str
    http_address: str
    ui_address: str | None
    pid: int
    owner_pid: int
    """The process that started it and will stop it."""

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Endpoints | None":
        """None for anything that is not one whole record: its writer may have been interrupted."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return None
