"""The topology of deploy/compose.yaml as plain processes, with the variables that it gives its containers."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import yaml
from temporalio.client import Client

from activities.settings import LOOPBACK
from hosting.embedded.ports import free_ports
from hosting.temporal.connection import connect_to
from tests.support.deployed import image_environment, make_books, ours, services
from tests.support.metrics.scrape import Scrape, scraped
from tests.support.paths import ROOT
from tests.support.plain_server import plain_server
from tests.support.postgres_server import PostgresServer, own_server, stopped_for_now

PATIENCE = 180
QUEUE = "perennial"
"""The task queue of a worker that is given none."""
DATABASE = next(word for word in services()["postgres"]["command"] if word.startswith("max_connections"))


@dataclass
class WorkerProcess:
    """The service `worker`: its command, with metrics at an address of its own."""

    process: asyncio.subprocess.Process
    address: str
    log: Path

    async def ready(self) -> None:
        """Wait until `/ready` says so, as the probes of deploy/kubernetes ask it."""
        async with asyncio.timeout(PATIENCE):
            while await self.status("ready") != 200:
                assert self.process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.2)

    async def status(self, page: str) -> int:
        """The status of one of its pages; 0 where nobody answers."""
        try:
            async with httpx2.AsyncClient(trust_env=False, timeout=10) as http:
                return (await http.get(f"{self.address}/{page}")).status_code
        except httpx2.TransportError:
            return 0

    async def stop(self) -> None:
        """End it as a container is ended: SIGTERM, within its grace period, and with exit code 0."""
        self.process.send_signal(signal.SIGTERM)
        grace = services()["worker"]["stop_grace_period"]
        assert grace.startswith("1m")
        code = await asyncio.wait_for(self.process.wait(), 60)
        said = self.log.read_text()
        assert code == 0, said[-2000:]
        assert "Traceback" not in said, said[max(said.index("Traceback") - 500, 0) :][:3000]


@dataclass
class Production:
    """PostgreSQL, a Temporal server, and workers that come and go."""

    folder: Path
    postgres: PostgresServer
    postgres_process: "subprocess.Popen[bytes]"
    server: str
    database_url: str
    client: Client
    workers: list[WorkerProcess] = field(default_factory=list)

    def environment(self, service: str, **more: str) -> dict[str, str]:
        """The variables of the image and of the service; only addresses and places are those of this test."""
        given = {**image_environment(), **ours()[service]["environment"]}
        here = {
            "PATH": os.environ["PATH"],
            "TEMPORAL_ADDRESS": self.server,
            "PERENNIAL_DATABASE_URL": self.database_url,
            "PERENNIAL_DATA_DIR": str(self.folder),
        }
        assert here.keys() <= given.keys()
        return {**given, **here, **more}

    async def setup(self) -> None:
        """Run the service `setup` to its end."""
        await self.type(*ours()["setup"]["command"], service="setup")

    async def start_worker(self) -> WorkerProcess:
        """One more container of the service `worker`, ready."""
        (port,) = free_ports(1)
        log = self.folder / f"worker-{port}.log"
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, str(ROOT / "starter.py"), *ours()["worker"]["command"]),
                cwd=self.folder,
                env=self.environment("worker", PERENNIAL_METRICS_ADDRESS=f"{LOOPBACK}:{port}"),
                stdout=file,
                stderr=file,
            )
        worker = WorkerProcess(process, f"http://{LOOPBACK}:{port}", log)
        self.workers.append(worker)
        await worker.ready()
        return worker

    async def type(self, *words: str, service: str = "worker") -> str:
        """What a command prints that is typed in a container of the service; it must succeed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(ROOT / "starter.py"), *words),
            cwd=self.folder,
            env=self.environment(service),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert (process.returncode, b"Traceback" in err) == (0, False), (words, out.decode(), err.decode())
        return out.decode()

    async def document(self, *words: str) -> Any:
        """The same, as its JSON document."""
        return json.loads(await self.type(*words, "--json"))

    async def scrapes(self) -> list[Scrape]:
        """What a Prometheus reads now from those workers that run."""
        running = [worker for worker in self.workers if worker.process.returncode is None]
        return [await scraped(worker.address) for worker in running]

    @asynccontextmanager
    async def without_database(self) -> AsyncIterator[None]:
        """Inside, PostgreSQL is stopped; afterwards it serves again."""
        with stopped_for_now(self.postgres, self.postgres_process):
            yield


def server_options() -> list[str]:
    """What deploy/temporal/dynamic.yaml gives the server, as words of a command line."""
    given: Mapping[str, list[dict[str, object]]] = yaml.safe_load(
        (ROOT / "deploy" / "temporal" / "dynamic.yaml").read_text()
    )
    pairs = (f"{name}={json.dumps(value['value'])}" for name, (value,) in given.items())
    return [word for pair in pairs for word in ("--dynamic-config-value", pair)]


@asynccontextmanager
async def production(folder: Path) -> AsyncIterator[Production]:
    """A prepared installation without workers; those that are started in it are gone afterwards. Raises NoServer."""
    namespace = ours()["worker"]["environment"]["TEMPORAL_NAMESPACE"]
    with own_server("-c", DATABASE) as (postgres, process):
        files = ("--db-filename", str(folder / "temporal.db"))
        async with plain_server(*server_options(), *files) as server:
            client = await connect_to(server, namespace=namespace)
            place = Production(folder, postgres, process, server, make_books(postgres), client)
            try:
                await place.setup()
                yield place
            finally:
                for worker in place.workers:
                    if worker.process.returncode is None:
                        worker.process.kill()
                        await worker.process.wait()
