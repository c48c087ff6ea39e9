"""The two that are compared: lives of Perennial and of the bare engine, begun, looked at and skipped in one way."""

import asyncio
import sqlite3
import uuid
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from pathlib import Path

from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.common.v1 import FastForwardConfig, TimeSkippingConfig, WorkflowExecution
from temporalio.api.workflow.v1 import WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionOptionsRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.common import TypedSearchAttributes

from activities.wall_clock import wall_clock
from benchmarks.bare.workflow import Bare, BareLife
from benchmarks.processes import WorkerProcess
from domain.calendar import AnchorRule, boundary
from domain.catalog.catalog import ListedOffer
from domain.ordering.terms import Order
from domain.subscription.commands import SetAutoRenew
from domain.subscription.decision import Outcome
from perennial.rehearsal.time_skipping import MAX_SKIPS
from perennial.sources.server import Server
from workflows.durable.clock import TestClock
from workflows.durable.workflow_ids import subscription_workflow_id

BOUGHT = datetime(2027, 1, 15, 9, tzinfo=UTC)
"""When Perennial's lives are bought, by their own clocks."""
CUSTOMER = "fabrikam"
LOOK = 0.02
"""Seconds between two looks at the server."""
TOLD, UNTOLD = "contoso", "tailspin"
"""The vendors: one is notified of each event, the other is not."""
PERIOD = timedelta(days=30)
"""A month of the bare engine's lives."""
MARGIN = timedelta(hours=12)
"""How far a clock is skipped beyond the last renewal."""


def offer(vendor: str) -> ListedOffer:
    """A monthly licence of the vendor."""
    fields = {"id": f"{vendor}-crm", "name": "CRM", "vendor": vendor, "term": "P1M", "billing_plan": "monthly"}
    return ListedOffer.model_validate({**fields, "currency": "USD", "unit_price": "10.00"}, strict=False)


class Side(ABC):
    """One of the two, with its worker and its books. Its lives are monthly, and renew for ever."""

    name: str
    table: str
    owner: str
    """Its books' table of what happened, and the column with the life's name."""
    ledger: str
    charge: str
    """Its table of charges, and what is the same in two of them for one renewal, in SQL."""

    def __init__(self, client: Client, worker: WorkerProcess, books: Path) -> None:
        self.client, self.worker = client, worker
        self._books = sqlite3.connect(f"file:{books}?mode=ro", uri=True)
        self._began: dict[str, datetime] = {}
        self._ahead: dict[str, timedelta] = {}

    @property
    def rows(self) -> int:
        """How many events its books have: one for each beginning, renewal and change. Nothing is ever deleted."""
        return int(self._books.execute(f"SELECT coalesce(max(rowid), 0) FROM {self.table}").fetchone()[0])

    def since(self, rows: int) -> list[str]:
        """Whose events its books have beyond so many, in their order."""
        found = self._books.execute(f"SELECT {self.owner} FROM {self.table} WHERE rowid > ? ORDER BY rowid", (rows,))
        return [name for (name,) in found]

    async def until(self, rows: int) -> None:
        """Wait until its books have so many."""
        while self.rows < rows:
            await asyncio.sleep(LOOK)

    @property
    def book_bytes(self) -> int:
        """The size of its books."""
        pages, size = (self._books.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return int(pages) * int(size)

    @property
    def doubled(self) -> int:
        """How many charges stand in its ledger twice."""
        found = self._books.execute(f"SELECT count(*) - count(DISTINCT {self.charge}) FROM {self.ledger}")
        return int(found.fetchone()[0])

    async def begin(self, name: str, *, told: bool = False, due: datetime | None = None) -> None:
        """Start a life, and return once the server has it. Its first renewal is `due` at that real instant, if given.

        A life that is due by real time cannot be skipped.
        """
        self._began[name] = datetime.now(UTC)
        await self._start(name, told=told, due=due)

    async def skip(self, name: str, months: int) -> None:
        """Have its clock skipped until so many renewals after its beginning have come due; they happen meanwhile."""
        ahead = self._began[name] + self.span(months) + MARGIN - datetime.now(UTC)
        forward = FastForwardConfig(id=str(uuid.uuid4()))
        forward.duration.FromTimedelta(ahead - self._ahead.get(name, timedelta(0)))
        self._ahead[name] = ahead
        config = TimeSkippingConfig(enabled=True, disable_propagation=True, max_session_skip_count=MAX_SKIPS)
        config.fast_forward_config.CopyFrom(forward)
        request = UpdateWorkflowExecutionOptionsRequest(
            namespace=self.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=self.workflow_id(name)),
            workflow_execution_options=WorkflowExecutionOptions(time_skipping_config=config),
            update_mask=FieldMask(paths=["time_skipping_config"]),
        )
        await self.client.workflow_service.update_workflow_execution_options(request, retry=True)

    async def parked(self, name: str) -> None:
        """Wait until it sleeps, with neither a task nor an activity waiting. Its worker is not asked."""
        handle = self.client.get_workflow_handle(self.workflow_id(name))
        while True:
            seen = (await handle.describe()).raw_description
            if not seen.pending_activities and not seen.HasField("pending_workflow_task"):
                return
            await asyncio.sleep(LOOK)

    @abstractmethod
    def workflow_id(self, name: str) -> str:
        """The id of its workflow."""

    @abstractmethod
    async def wake(self, name: str) -> None:
        """Ask its workflow something that changes nothing."""

    @abstractmethod
    async def command(self, name: str) -> None:
        """Send a command that changes nothing, and wait for its answer."""

    @abstractmethod
    def span(self, months: int) -> timedelta:
        """How long its months are."""

    @abstractmethod
    async def _start(self, name: str, *, told: bool, due: datetime | None) -> None: ...


class Ours(Side):
    """Perennial: subscriptions without a billing account, whose renewals are charged to the ledger."""

    name, table, owner = "ours", "journal", "subscription_id"
    ledger, charge = "ledger_entry", "subscription_id || line || period_start"

    def __init__(self, client: Client, worker: WorkerProcess, books: Path) -> None:
        super().__init__(client, worker, books)
        self.server = Server.of(client, worker.queue, wall_clock)
        self.partner: str | None = None
        """Whose share of a busy worker the lives take that are begun from now on."""
        self.spread = timedelta(0)
        """By how much their renewals are spread."""

    def order(self, name: str, *, told: bool = False) -> Order:
        """Three licences, for a month."""
        sold = offer(TOLD if told else UNTOLD).sold(BOUGHT)
        return Order(subscription_id=name, customer=CUSTOMER, offer=sold, at=BOUGHT, quantity=3)

    def workflow_id(self, name: str) -> str:
        return subscription_workflow_id(name)

    async def wake(self, name: str) -> None:
        await self.server.subscriptions.details(name)

    async def command(self, name: str) -> None:
        answer = await self.server.subscriptions.ask(name, SetAutoRenew(by="admin_agent", enabled=True))
        assert answer.outcome is Outcome.UNCHANGED, answer.message

    async def _start(self, name: str, *, told: bool, due: datetime | None) -> None:
        clock = TestClock.ahead_by(BOUGHT - (due - self.span(1) if due else self._began[name]))
        await self.server.subscriptions.buy(
            self.order(name, told=told), partner=self.partner, clock=clock, spread=self.spread, invoiced=False
        )

    def span(self, months: int) -> timedelta:
        return boundary(BOUGHT, months, AnchorRule.CLAMP) - BOUGHT


class TheBare(Side):
    """The bare engine."""

    name, table, owner = "bare", "ledger", "id"
    ledger, charge = "ledger", "id || '#' || period"

    def __init__(self, client: Client, worker: WorkerProcess, books: Path) -> None:
        super().__init__(client, worker, books)
        self.attributes: TypedSearchAttributes | None = None
        self.rows_per_run: int | None = None
        """Search attributes of the lives that are begun from now on, and how often they continue as new."""

    def handle(self, name: str) -> WorkflowHandle[Bare, None]:
        """The workflow."""
        return self.client.get_workflow_handle_for(Bare.run, name)

    def workflow_id(self, name: str) -> str:
        return name

    async def wake(self, name: str) -> None:
        await self.handle(name).query(Bare.rows)

    async def command(self, name: str) -> None:
        await self.handle(name).execute_update(Bare.answer)

    async def _start(self, name: str, *, told: bool, due: datetime | None) -> None:
        life = BareLife(name, PERIOD.total_seconds(), told, due.timestamp() if due else None, self.rows_per_run)
        await self.client.start_workflow(
            Bare.run, life, id=name, task_queue=self.worker.queue, search_attributes=self.attributes
        )

    def span(self, months: int) -> timedelta:
        return months * PERIOD
