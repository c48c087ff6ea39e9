"""A worker of the bare engine: `python -m benchmarks.bare.worker ADDRESS QUEUE DATABASE URL RUNNER`.

The rows go to a SQLite file with the settings of Perennial's books (WAL, FULL) and no unique key; URL is told. RUNNER
is `sandboxed`, the SDK's default, or `unsandboxed`.
"""

import asyncio
import sqlite3
import sys
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx2
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from benchmarks.bare.workflow import Bare, Row

RUNNERS: dict[str, type[WorkflowRunner]] = {
    "sandboxed": SandboxedWorkflowRunner,
    "unsandboxed": UnsandboxedWorkflowRunner,
}
STICKY_TIMEOUT = timedelta(seconds=1)
"""As in Perennial's workers: how long a task waits for a worker that was killed."""


def opened(path: str) -> sqlite3.Connection:
    """The ledger, made if it is not there."""
    ledger = sqlite3.connect(path, isolation_level=None)
    ledger.execute("PRAGMA journal_mode = wal")
    ledger.execute("PRAGMA synchronous = full")
    ledger.execute("CREATE TABLE IF NOT EXISTS ledger (id TEXT, period INTEGER, amount_minor INTEGER)")
    return ledger


class Activities:
    """One row, and one request."""

    def __init__(self, ledger: sqlite3.Connection, http: httpx2.AsyncClient, url: str) -> None:
        self._ledger, self._http, self._url = ledger, http, url

    @activity.defn
    async def write(self, row: Row) -> None:
        """Write the row."""
        self._ledger.execute("INSERT INTO ledger VALUES (?, ?, ?)", (row.id, row.period, row.amount_minor))

    @activity.defn
    async def tell(self, row: Row) -> None:
        """Post the row, unsigned."""
        (await self._http.post(self._url, json={"id": row.id, "period": row.period})).raise_for_status()


async def main(address: str, queue: str, database: str, url: str, runner: str) -> None:
    """Work until this process is ended."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx2.AsyncClient())
        activities = Activities(opened(database), http, url)
        client = await Client.connect(address)
        worker = Worker(
            client,
            task_queue=queue,
            workflows=[Bare],
            activities=[activities.write, activities.tell],
            workflow_runner=RUNNERS[runner](),
            sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        )
        await stack.enter_async_context(worker)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
