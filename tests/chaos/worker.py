"""Workers that begin within 50 ms: a process that has imported everything forks one for each line that it reads.

`python -m tests.chaos.worker` reads orders as JSON lines and prints the process ids of what it starts and what ended.
"""

import asyncio
import ctypes
import json
import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.worker._worker import load_default_build_id

from activities.settings import Settings
from hosting.assembly import running_worker
from hosting.temporal.connection import connect_to
from tests.chaos.faults import Kind, OnePoint, Plan, Point, Recording, Seeded
from tests.chaos.injection import Injection
from tests.support.live.builds import DEPLOYMENT
from workflows.durable import options

LIVELY: dict[str, timedelta | RetryPolicy] = {
    **dict.fromkeys(
        ("RECORD_TIMEOUT", "CLOSE_TIMEOUT", "PROVISION_TIMEOUT", "START_TIMEOUT", "HEARTBEAT_TIMEOUT", "TASK_TIMEOUT"),
        timedelta(seconds=2),
    ),
    "NOTIFY_TIMEOUT": timedelta(seconds=3),
    "LAST_NOTIFICATIONS": timedelta(milliseconds=300),
    "ANSWER_TIMEOUT": timedelta(seconds=6),
    "WITHOUT_END": RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=5)),
}
"""What silence costs after a kill. The product's own timeouts would make these tests five times as long."""
BUSY_MS = 900
"""How long a transaction waits for a lock: less than half of an attempt."""
POLL = 0.02
PR_SET_PDEATHSIG = 1


@contextmanager
def lively() -> Iterator[None]:
    """Inside, workflows and clients have the short timeouts."""
    before = {name: getattr(options, name) for name in LIVELY}
    try:
        for name, value in LIVELY.items():
            setattr(options, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(options, name, value)


@dataclass(frozen=True)
class Faults:
    """The plan of a worker's faults, as data. Without a point, and with a rate of 0, places are only written down."""

    file: str
    point: Point | None = None
    kind: Kind | None = None
    seed: int = 0
    rate: int = 0

    def plan(self) -> Plan:
        if self.point and self.kind:
            return OnePoint(self.point, self.kind, Path(self.file))
        return Seeded(self.seed, self.rate, Path(self.file)) if self.rate else Recording(Path(self.file))

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Faults":
        point = Point.of(data["point"]) if data["point"] else None
        return cls(**{**data, "point": point, "kind": Kind(data["kind"]) if data["kind"] else None})


@dataclass(frozen=True)
class WorkerOrder:
    """What a worker works on."""

    address: str
    task_queue: str
    directory: str
    database_url: str
    faults: Faults
    secrets_file: str | None = None
    build: str | None = None
    """The name of its build, if it has a version."""
    own_timeouts: bool = False
    """Whether it has the product's own timeouts, not the short ones."""

    @property
    def settings(self) -> Settings:
        directory = Path(self.directory)
        return Settings(
            data_dir=directory,
            database_url=self.database_url,
            tenants_path=directory / "tenants.db",
            task_queue=self.task_queue,
            secrets_file=Path(self.secrets_file) if self.secrets_file else None,
            busy_timeout_ms=BUSY_MS,
            deployment=DEPLOYMENT if self.build else None,
            build_id=self.build,
        )

    @classmethod
    def of(cls, line: str) -> "WorkerOrder":
        data = json.loads(line)
        return cls(**{**data, "faults": Faults.of(data["faults"])})

    def line(self) -> bytes:
        return (json.dumps(asdict(self)) + "\n").encode()


async def work(order: WorkerOrder) -> None:
    """Work until the end: `running_worker` takes the client's interceptors, as any program's."""
    injection = Injection(order.faults.plan())
    injection.into_transactions()
    connected = await connect_to(order.address)
    config = connected.config()
    config["interceptors"] = [injection]
    client = Client(**config)
    with nullcontext() if order.own_timeouts else lively():
        async with running_worker(client, order.settings):
            await asyncio.Event().wait()


def _child(order: WorkerOrder) -> None:
    """Never returns."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    null = os.open(os.devnull, os.O_RDONLY)
    log = os.open(Path(order.directory) / "worker.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for descriptor, to in ((null, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, to)
    code = 1
    try:
        asyncio.run(work(order))
    except BaseException as error:  # noqa: BLE001 - the log has to say why
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def _warm() -> None:
    """Work out once what every worker would: a digest of all loaded code, and what the settings take."""
    load_default_build_id()
    Settings()


def _say(what: str, pid: int) -> None:
    os.write(1, f"{what} {pid}\n".encode())


def main() -> None:
    """Start what is ordered, until the input ends; then nothing of it is left."""
    _warm()
    children: set[int] = set()
    unread = b""
    while True:
        ready, _, _ = select.select([0], [], [], POLL)
        if ready:
            chunk = os.read(0, 65_536)
            if not chunk:
                break
            *lines, unread = (unread + chunk).split(b"\n")
            for line in lines:
                order = WorkerOrder.of(line.decode())
                if (pid := os.fork()) == 0:
                    _child(order)
                children.add(pid)
                _say("started", pid)
        for pid in list(children):
            if os.waitpid(pid, os.WNOHANG)[0]:
                children.discard(pid)
                _say("ended", pid)
    for pid in children:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
