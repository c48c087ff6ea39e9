"""One trace of a command: from its sender through the workflow to the rows in the ledger."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from temporalio.worker import Replayer

from activities.adapters.sql.database import Database
from activities.settings import Settings
from domain.subscription.commands import ChangeQuantity
from hosting.assembly import WORKFLOWS, World, running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from hosting.tracing.spans import CommandTracing
from tests.support.live.purchases import order, settings_in
from tests.support.live.repairs import bought
from tests.support.paths import ROOT
from tests.support.raw_sql import rows
from tests.support.shop.live import Shop
from workflows.durable.clock import TestClock
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.guard.converter import DATA_CONVERTER
from workflows.guard.interceptor import GuardInterceptor
from workflows.guard.runner import InStepRunner

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


class Traced:
    """A world whose spans are kept in memory."""

    def __init__(
        self, world: World, settings: Settings, exporter: InMemorySpanExporter, tracing: CommandTracing
    ) -> None:
        self.world, self.settings, self.tracing = world, settings, tracing
        self._exporter = exporter

    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    async def of_books(self, event: str) -> ReadableSpan:
        """The span of the transaction that wrote the event."""
        async with asyncio.timeout(60):
            while True:
                for span in self.spans():
                    if span.name == "books.record" and any(
                        str(each).endswith(f" {event}")
                        for each in (span.attributes or {})["perennial.events"]  # type: ignore[union-attr]
                    ):
                        return span
                await asyncio.sleep(0.1)

    def way_to(self, span: ReadableSpan) -> list[str]:
        """The names from the root of its trace to the span."""
        by_id = {each.context.span_id: each for each in self.spans()}
        names = [span.name]
        while span.parent is not None:
            span = by_id[span.parent.span_id]
            names.insert(0, span.name)
        return names


@asynccontextmanager
async def traced(server: str, folder: Path) -> AsyncIterator[Traced]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing = CommandTracing(provider.get_tracer("a test"))
    client = await connect_to(server, interceptors=[tracing])
    settings = settings_in(folder, f"traced-{folder.name}"[:64])
    async with running_worker(client, settings) as world:
        yield Traced(world, settings, exporter, tracing)


async def test_a_trace_leads_from_the_command_to_its_ledger_rows(server: EmbeddedServer, tmp_path: Path) -> None:
    async with traced(server.address, tmp_path) as site:
        with site.tracing.tracer.start_as_current_span("a person buys"):
            subscription = await bought(site.world)
        with site.tracing.tracer.start_as_current_span("a person wants more"):
            await site.world.server.subscriptions.ask(subscription, ChangeQuantity(by="admin_agent", quantity=7))
        purchased, changed = await site.of_books("purchased"), await site.of_books("quantity_changed")
        through = ["RunActivity:record", "books.record"]
        start = ["StartWorkflow:SubscriptionWorkflow", "RunWorkflow:SubscriptionWorkflow"]
        assert site.way_to(purchased) == ["a person buys", *start, *through]
        update = ["UpdateWorkflow:change_quantity", "HandleUpdate:change_quantity"]
        assert site.way_to(changed) == ["a person wants more", *update, *through]
        assert purchased.context.trace_id != changed.context.trace_id
        facts = dict(changed.attributes or {})
        assert facts["perennial.subscription"] == subscription
        assert facts["perennial.rules"] == ("MON-4",)
        async with Database(site.settings.database_url) as database:
            keys = await rows(
                database, f"SELECT key FROM ledger_entry WHERE subscription_id = '{subscription}' AND seq = 2"
            )
        assert facts["perennial.ledger"] == tuple(key for (key,) in keys) != ()
        grants = [span for span in site.spans() if span.name == "RunActivity:grant"]
        assert {span.context.trace_id for span in grants} == {purchased.context.trace_id, changed.context.trace_id}
        history = await site.world.server.client.get_workflow_handle(
            subscription_workflow_id(subscription)
        ).fetch_history()
        made = len(site.spans())
        # The same history, by a worker that traces and by one that does not: no span is made again.
        for interceptors in ([site.tracing, GuardInterceptor()], [GuardInterceptor()]):
            await Replayer(
                workflows=WORKFLOWS,
                data_converter=DATA_CONVERTER,
                interceptors=interceptors,
                workflow_runner=InStepRunner(),
            ).replay_workflow(history)
        assert len(site.spans()) == made


async def test_an_order_is_one_trace_to_the_first_rows(server: EmbeddedServer, tmp_path: Path) -> None:
    async with traced(server.address, tmp_path) as site:
        shop = Shop(site.world)
        wanted = shop.order(await shop.customer(), {"offer": "contoso-crm"})
        with site.tracing.tracer.start_as_current_span("a person orders"):
            await shop.buy(wanted)
        assert site.way_to(await site.of_books("purchased")) == [
            *("a person orders", "StartWorkflow:OrderWorkflow", "RunWorkflow:OrderWorkflow", "RunActivity:start_line"),
            *("StartWorkflow:SubscriptionWorkflow", "RunWorkflow:SubscriptionWorkflow"),
            *("RunActivity:record", "books.record"),
        ]


async def test_what_happens_by_itself_has_a_trace_of_its_own(server: EmbeddedServer, tmp_path: Path) -> None:
    async with traced(server.address, tmp_path) as site:
        wanted = order()
        clock = TestClock.ahead_by(wanted.at - datetime.now(UTC))
        await site.world.server.subscriptions.buy(wanted, clock=clock)
        await site.world.server.subscriptions.settled(wanted.subscription_id)
        handle = site.world.server.client.get_workflow_handle(subscription_workflow_id(wanted.subscription_id))
        await site.world.clock.advance(handle, clock, wanted.at.replace(month=3, day=2))
        renewed = await site.of_books("renewed")
        assert site.way_to(renewed) == ["RunActivity:record", "books.record"]


def test_nothing_of_it_is_imported_where_it_is_not_wanted() -> None:
    code = (
        "import sys, cli.operations.worker, hosting.opening; print(any(m.startswith('opentel') for m in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ran.stdout == "False\n"


def test_without_the_extra_a_command_says_how_to_get_it() -> None:
    code = """
import sys
sys.modules["opentelemetry"] = None
from activities.settings import Settings, Switch
from hosting.traces import interceptors
try:
    interceptors(Settings(tracing=Switch.ON))
except Exception as error:
    print(type(error).__name__, error)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ran.stdout.startswith("SettingsFault PERENNIAL_TRACING: got on, which needs the extra `tracing` (")
    assert ran.stdout.endswith("pip install 'perennial[tracing]', or unset it.\n")
