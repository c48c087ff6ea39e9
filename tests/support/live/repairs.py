"""A world whose workflows are ended, reset and broken on purpose, and what `reconcile` finds there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import ResetReapplyExcludeType
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest, ResetWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.adapters.sql.database import Database
from activities.provisioning.door import Visits
from activities.settings import Settings
from activities.wall_clock import wall_clock
from hosting.assembly import World, prepare_namespace, running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.sql_books import books_in
from hosting.temporal.connection import connect_to
from hosting.temporal.namespace import environment_of
from perennial.reconciliation.reconciliation import Reconciliation, Report
from perennial.reconciliation.repair import Repair, Repaired
from perennial.sources.server import Server
from perennial.sources.sources import Sources
from tests.support.live.purchases import order, settings_in
from workflows.durable.clock import TestClock
from workflows.durable.operator import Operator

LATER = timedelta(days=40)
"""After the first renewal of a monthly subscription."""


@dataclass
class Place:
    """A server of its own, and where the books are: workers come and go."""

    client: Client
    settings: Settings

    @asynccontextmanager
    async def worker(self, **options: Any) -> AsyncIterator[World]:
        """A worker."""
        async with running_worker(self.client, self.settings, **options) as world:
            yield world

    async def adopt(self) -> None:
        """Move the books to this server, as `setup --adopt` does."""
        async with Database(self.settings.database_url) as database:
            await books_in(database).environment.adopt(await environment_of(self.client))

    async def reconcile(self, *ids: str, after: timedelta = timedelta(0), **options: Any) -> Report:
        """What a comparison finds, with a clock that is ahead by `after`."""
        async with self._sources(after) as sources:
            return await Reconciliation(sources).run(ids, **options)

    async def repair(self, *ids: str) -> Repaired:
        """Compare, and start again what does not run."""
        async with self._sources() as sources:
            report = await Reconciliation(sources).run(ids)
            return await Repair(sources).run(report, Operator(by="operator", note="a test"))

    @asynccontextmanager
    async def _sources(self, after: timedelta = timedelta(0)) -> AsyncIterator[Sources]:
        async with Database(self.settings.database_url) as database:
            server = Server.of(self.client, self.settings.task_queue, wall_clock)
            yield Sources.of(server, books_in(database), _nobody, lambda: wall_clock() + after)

    async def found(self, *ids: str, **options: Any) -> set[tuple[str, str, str]]:
        """Each finding's noun, id and kind."""
        report = await self.reconcile(*ids, **options)
        return {(finding.noun.value, finding.id, finding.kind.value) for finding in report.findings}

    async def run_id(self, workflow_id: str) -> str:
        """The workflow's current run."""
        return (await self.client.get_workflow_handle(workflow_id).describe()).run_id

    async def pending(self, workflow_id: str) -> PendingActivityInfo:
        """The one activity that the workflow waits for."""
        seen = await self.client.get_workflow_handle(workflow_id).describe()
        (activity,) = seen.raw_description.pending_activities
        return activity

    async def reset(self, workflow_id: str, *, to: int, run_id: str = "", reapply: bool = True) -> None:
        """Reset the workflow, as `reset` below."""
        await reset(self.client, workflow_id, to=to, run_id=run_id, reapply=reapply)

    async def delete(self, workflow_id: str) -> None:
        """Delete the workflow, as `delete` below."""
        await delete(self.client, workflow_id)


async def reset(client: Client, workflow_id: str, *, to: int, run_id: str = "", reapply: bool = True) -> None:
    """Reset the workflow to the task that ends with this event; without `reapply`, later requests are dropped."""
    excluded = [
        ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL,
        ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE,
    ]
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
            reason="a test",
            request_id=f"{workflow_id}-{to}-{run_id}-{datetime.now(UTC)}",
            workflow_task_finish_event_id=to,
            reset_reapply_exclude_types=[] if reapply else excluded,
        )
    )


async def delete(client: Client, workflow_id: str) -> None:
    """Delete the workflow from the server, history and all, unless it is gone already: back when it is gone.

    The server terminates one that runs, and deletes it a little later; one that has ended within half a minute.
    """
    request = DeleteWorkflowExecutionRequest(
        namespace=client.namespace, workflow_execution=WorkflowExecution(workflow_id=workflow_id)
    )
    try:
        await client.workflow_service.delete_workflow_execution(request)
        async with asyncio.timeout(120):
            while True:
                await client.get_workflow_handle(workflow_id).describe()
                await asyncio.sleep(0.02)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def tasks_of(client: Client, workflow_id: str, run_id: str = "") -> list[int]:
    """The events that end the workflow's tasks, in order."""
    handle = client.get_workflow_handle(workflow_id, run_id=run_id or None)
    return [
        event.event_id
        async for event in handle.fetch_history_events()
        if event.HasField("workflow_task_completed_event_attributes")
    ]


async def bought(world: World, *, tested: bool = False, **changes: Any) -> str:
    """The id of a subscription of its own customer, recorded and provisioned; `tested` gives it a test clock."""
    now = datetime.now(UTC)
    wanted = order(at=changes.pop("at", now), **changes)
    wanted = wanted.model_copy(update={"customer": changes.get("customer", f"of-{wanted.subscription_id}")})
    clock = TestClock.ahead_by(wanted.at - now) if tested else None
    await world.server.subscriptions.buy(wanted, clock=clock)
    await world.server.subscriptions.settled(wanted.subscription_id)
    return wanted.subscription_id


@asynccontextmanager
async def a_place(folder: Path, database_url: str | None = None) -> AsyncIterator[Place]:
    """A place without workflows."""
    (folder / "server").mkdir(parents=True, exist_ok=True)
    async with EmbeddedServer(folder / "server") as server:
        client = await connect_to(server.address)
        await prepare_namespace(client)
        settings = settings_in(folder, "repairs")
        if database_url:
            settings = settings.model_copy(update={"database_url": database_url})
        yield Place(client, settings)


async def _nobody(_: str) -> Visits:
    raise AssertionError("nobody signs in here")
