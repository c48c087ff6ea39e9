"""Worker processes that are measured, ended and started again."""

import asyncio
import subprocess
import time
from pathlib import Path

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from benchmarks import machine
from benchmarks.report import Worthless
from hosting.embedded import dependent_process

PATIENCE = 60
"""Seconds until a worker has to ask for tasks."""


class WorkerProcess:
    """A worker in a process of its own, on one task queue."""

    def __init__(self, client: Client, queue: str, command: list[str], log: Path, **settings: str) -> None:
        self.queue = queue
        self._client, self._command = client, command
        self._environment = {**machine.child_environment(), "PYTHONPATH": str(machine.ROOT), **settings}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that works now."""
        assert self._process is not None, "start it first"
        return self._process.pid

    def launch(self) -> None:
        """Start it, and do not wait."""
        with self._log.open("ab") as log:
            self._process = dependent_process.start(self._command, output=log, environment=self._environment)

    async def start(self) -> None:
        """Start it, and wait until it asks for tasks."""
        self.launch()
        latest = time.monotonic() + PATIENCE
        while not await self._polls():
            if self._process is None or self._process.poll() is not None or time.monotonic() > latest:
                raise Worthless(f"A worker does not start: {self._said()}")
            await asyncio.sleep(0.05)

    def kill(self) -> None:
        """End it with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def restart(self) -> None:
        """Another process, which has nothing cached."""
        self.kill()
        await self.start()

    async def _polls(self) -> bool:
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=self.queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        found = await self._client.workflow_service.describe_task_queue(request)
        return any(poller.identity.startswith(f"{self.pid}@") for poller in found.pollers)

    def _said(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"
