"""The real Temporal development server, as a child process."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Self

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.service import RPCError

from activities.settings import LOOPBACK
from hosting.embedded import command as server_command
from hosting.embedded import dependent_process
from hosting.embedded.ports import Endpoints, free_ports, listens, require_free
from hosting.temporal.connection import connect_to
from hosting.temporal.errors import HostingError, PortInUse, ServerCrashed, ServerFailed, ServerUnreachable

LOG_NAME = "temporal-server.log"
# How a Go program reports its own crash; the stack follows.
CRASHES = ("panic: ", "fatal error: ")


class EmbeddedServer:
    """`async with EmbeddedServer(directory) as server: ... server.address`.

    Port 0 is any free port. Without `db_filename` everything is kept in memory; without `ui_port` there is no Web UI.
    The server logs to a file in `directory`. `inherited` are file descriptors that it keeps open while it lives, such
    as a lock.
    """

    def __init__(
        self,
        directory: Path,
        *,
        db_filename: Path | None = None,
        port: int = 0,
        http_port: int = 0,
        ui_port: int | None = None,
        namespace: str = "default",
        inherited: Sequence[int] = (),
        start_timeout: timedelta = timedelta(seconds=30),
        stop_timeout: timedelta = timedelta(seconds=5),
    ) -> None:
        self._directory = directory
        self._db_filename = db_filename
        self._wanted_ports = (port, http_port, ui_port)
        self._namespace = namespace
        self._inherited = inherited
        self._start_timeout = start_timeout.total_seconds()
        self._stop_timeout = stop_timeout.total_seconds()
        self._process: subprocess.Popen[bytes] | None = None
        self._endpoints: Endpoints | None = None
        self._log_start = 0

    @property
    def endpoints(self) -> Endpoints:
        if self._endpoints is None:
            raise ServerFailed("The embedded server has not been started.")
        return self._endpoints

    @property
    def address(self) -> str:
        """`host:port` for clients and workers."""
        return self.endpoints.address

    @property
    def log_file(self) -> Path:
        return self._directory / LOG_NAME

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start the server and return once it serves the namespace. Raises ServerFailed."""
        further_tries = 2
        while not self.running:
            try:
                self._launch()
                await self._until_ready()
            except BaseException as error:
                # Also after a cancellation: no server may be left behind.
                self._kill()
                if not (further_tries and self._may_go_better(error)):
                    raise
                further_tries -= 1

    async def stop(self) -> None:
        """Interrupt the server, and kill it after `stop_timeout`: what it acknowledged is on disk."""
        if self._process is None:
            return
        try:
            if self.running:
                self._process.send_signal(signal.SIGINT)
            deadline = time.monotonic() + self._stop_timeout
            while self.running and time.monotonic() < deadline:
                await asyncio.sleep(0.02)
        finally:
            self._kill()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _may_go_better(self, error: BaseException) -> bool:
        # A port that was free when it was chosen, here or by the server for its inner services, may be taken by the
        # time the server binds it. The server crashes if that port is one of its inner ones.
        chosen_by_us = 0 in self._wanted_ports
        return isinstance(error, ServerCrashed) or (chosen_by_us and isinstance(error, PortInUse))

    def _launch(self) -> None:
        port, http_port, ui_port = self._ports()
        command = server_command.arguments(
            db_filename=self._db_filename,
            port=port,
            http_port=http_port,
            ui_port=ui_port,
            namespace=self._namespace,
        )
        # These variables are for clients; the server would take its namespaces and settings from them.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            with self.log_file.open("ab") as log:
                self._log_start = log.tell()
                self._process = dependent_process.start(
                    [server_command.executable(), *command],
                    output=log,
                    environment=environment,
                    inherited=self._inherited,
                )
        except OSError as error:
            raise ServerFailed(
                f"The embedded server cannot be started in {self._directory}: {error.strerror or error}. "
                "Choose a directory that you can write to."
            ) from None
        self._endpoints = Endpoints(
            address=f"{LOOPBACK}:{port}",
            http_address=f"http://{LOOPBACK}:{http_port}",
            ui_address=None if ui_port is None else f"http://{LOOPBACK}:{ui_port}",
            pid=self._process.pid,
            owner_pid=os.getpid(),
        )

    def _ports(self) -> tuple[int, int, int | None]:
        purposes = ("the Temporal server", "its HTTP API", "its Web UI")
        for wanted, purpose in zip(self._wanted_ports, purposes, strict=True):
            if wanted:
                require_free(wanted, purpose)
        spare = free_ports(3)
        port, http_port, ui_port = (
            other if wanted == 0 else wanted for wanted, other in zip(self._wanted_ports, spare, strict=True)
        )
        assert port is not None
        assert http_port is not None
        return port, http_port, ui_port

    async def _until_ready(self) -> None:
        deadline = time.monotonic() + self._start_timeout
        while not await self._serves_namespace():
            if not self.running:
                raise self._failure("stopped while starting")
            if time.monotonic() > deadline:
                raise self._failure(f"was not ready after {self._start_timeout:g} s")
            await asyncio.sleep(0.02)

    async def _serves_namespace(self) -> bool:
        try:
            client = await connect_to(self.address, namespace=self._namespace, timeout=timedelta(seconds=1))
            await client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace=self._namespace), timeout=timedelta(seconds=1)
            )
        except (ServerUnreachable, RPCError):
            return False
        # Another server may have taken the port before this one, which will find that out in its own time.
        return self.running and listens(self.endpoints.pid, int(self.address.rpartition(":")[2]))

    def _failure(self, what: str) -> HostingError:
        with self.log_file.open("rb") as log:
            log.seek(self._log_start)
            logged = log.read().decode(errors="replace")
        lines = [line.strip() for line in logged.splitlines() if line.strip()]
        crash = next((line for line in lines if line.startswith(CRASHES)), None)
        said = crash or (lines[-1].removeprefix("Error: ") if lines else "it logged nothing")
        message = f"The embedded server {what}: {said.rstrip('.')}. Its log: {self.log_file}"
        if crash is not None:
            return ServerCrashed(f"{message} Try again.")
        if "address already in use" in said:
            return PortInUse(f"{message} Choose another port.")
        return ServerFailed(message)

    def _kill(self) -> None:
        if self._process is not None:
            if self.running:
                self._process.kill()
            self._process.wait()
            self._process = None
