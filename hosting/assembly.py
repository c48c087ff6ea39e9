"""The composition root of worker, demo and tests: from settings to adapters, activities and a running worker."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import PollerBehaviorSimpleMaximum, Worker

from activities.accounts.activities import AccountActivities, OpeningActivities, PaymentActivities
from activities.adapters.sql.account.books import SqlAccountBooks
from activities.adapters.sql.account.holds import SqlNonpaymentHolds
from activities.adapters.sql.account.taxes import SqlTaxes
from activities.adapters.sql.bulk.book import SqlBulks
from activities.adapters.sql.catalog.price_book import SqlPriceBook
from activities.adapters.sql.database import Database
from activities.adapters.sql.notifications.outbox import SqlOutbox
from activities.adapters.sql.orders.orders import SqlOrders
from activities.adapters.sql.schema import check_schema, require_usable, upgrade
from activities.adapters.sql.subscription.access_log import SqlAccessLog
from activities.adapters.sql.subscription.books import SqlBooks
from activities.adapters.sql.subscription.lives import SqlLives
from activities.adapters.sql.waits import Waits
from activities.adapters.tenants.app import TenantServer
from activities.adapters.tenants.http import HttpTenants
from activities.adapters.tenants.store import EmbeddedTenants, TenantStore
from activities.adapters.tenants.visits import visits
from activities.adapters.webhooks.messenger import WebhookMessenger
from activities.billing.activities import AnswerActivities, BillingActivities, RestoringActivities
from activities.bulk.activities import BulkActivities
from activities.environment import Environment
from activities.heartbeats import HEARTBEAT, Heartbeats
from activities.measures import RecordMeasures
from activities.notifications.activities import NotificationActivities
from activities.notifications.publishers import Secrets
from activities.orders.activities import OrderActivities
from activities.prices.activities import PriceActivities
from activities.provisioning.activities import ProvisioningActivities
from activities.provisioning.ports import Tenants
from activities.settings import Settings
from activities.unfinished import Unfinished
from activities.wall_clock import wall_clock
from hosting.build import build_of, deployment_config
from hosting.files.secrets import SecretsFile
from hosting.monitoring.works import Works
from hosting.nexus.service import NexusSubscriptions
from hosting.preparation import clocks_part, server_parts
from hosting.publisher_workers import PublisherWorkers
from hosting.sql_books import books_in
from hosting.temporal.errors import DirectoryUnusable
from hosting.temporal.namespace import environment_of
from hosting.temporal.telemetry import meter_of
from hosting.traces import traced
from perennial.deployment.preparation import require
from perennial.rehearsal.time_skipping import ServerClock
from perennial.sources.books import Books
from perennial.sources.server import Server
from perennial.sources.sources import Sources
from perennial.use_cases import Perennial
from workflows.account.workflow import BillingAccountWorkflow
from workflows.bulk.workflow import BulkWorkflow
from workflows.guard.interceptor import GuardInterceptor
from workflows.guard.runner import InStepRunner
from workflows.guard.unknown import UnknownWorkflow
from workflows.notifications.workflow import DeliveryWorkflow
from workflows.order.workflow import OrderWorkflow
from workflows.price_changes.workflow import PriceChangeWorkflow
from workflows.server_ports import (
    ServerAccounts,
    ServerClocks,
    ServerCommandSender,
    ServerItemSender,
    ServerLauncher,
)
from workflows.subscription.rebuild import SubscriptionRebuild
from workflows.subscription.workflow import SubscriptionWorkflow

WORKFLOWS: list[type] = [
    SubscriptionWorkflow,
    SubscriptionRebuild,
    OrderWorkflow,
    PriceChangeWorkflow,
    BulkWorkflow,
    BillingAccountWorkflow,
    DeliveryWorkflow,
]
"""What a worker runs; replay tests check each against recorded histories."""
LATE_ROWS = timedelta(seconds=30)
"""How long an account waits, besides the spread, for what its subscriptions are to write before a month is closed."""
STICKY_TIMEOUT = timedelta(seconds=1)
"""How long a task waits for a worker that was killed, before another worker gets it."""


@dataclass(frozen=True)
class World:
    """A running worker with its server and books, for the demo and for tests."""

    server: Server
    books: Books
    perennial: Perennial
    clock: ServerClock
    publishers: PublisherWorkers
    tenants: Tenants
    works: Works


async def prepare_namespace(client: Client) -> None:
    """Prepare a server that nobody but tests uses; repeating it changes nothing. Raises NotPrepared."""
    await require([*server_parts(client), clocks_part(client)], prepare=True)


async def require_files(settings: Settings) -> None:
    """Create the data directory and the embedded tenants, and look whether the books can be worked with.

    Raises DirectoryUnusable, SchemaMismatch, BooksUnavailable or TenantsUnavailable.
    """
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DirectoryUnusable(
            f"PERENNIAL_DATA_DIR: got {str(settings.data_dir)!r}, which cannot be used ({error.strerror}); takes the "
            "path of a directory that you can write to. Correct it, or unset it for the default."
        ) from None
    async with Database(settings.database_url, busy_timeout=settings.busy_timeout) as database:
        await (require_usable(database) if settings.prepares_books else check_schema(database))
    if not settings.tenants_url:
        TenantStore(settings.tenants_path)


async def prepare_files(settings: Settings, ours: Environment | None = None) -> None:
    """The same, and create or upgrade the books, if the settings say so; repeating it changes nothing.

    Raises OthersBooks too, where the books belong to another environment than `ours`.
    """
    await require_files(settings)
    if settings.prepares_books:
        await upgrade(settings.database_url, ours=ours)


@asynccontextmanager
async def running_worker(client: Client, settings: Settings, secrets: Secrets | None = None) -> AsyncIterator[World]:
    """Run a worker on the settings' task queue, books and tenants; their files are prepared first.

    It notifies the publishers of the books whose secrets it has: the given ones, else those that the settings' file
    has at the time. The books belong to the server from then on; raises OthersBooks where they belong to another, and
    SettingsFault for that file, and what `prepare_files` raises.
    """
    given = SecretsFile(settings.secrets_file).now if secrets is None else lambda: secrets
    ours = await environment_of(client)
    await prepare_files(settings, ours)
    async with AsyncExitStack() as stack:
        meter, unfinished = meter_of(client), Unfinished()
        database = await stack.enter_async_context(
            Database(settings.database_url, busy_timeout=settings.busy_timeout, waits=Waits(meter))
        )
        tenants = await stack.enter_async_context(_tenants(settings))
        server = Server.of(client, settings.task_queue, wall_clock, deployment=settings.deployment)
        books = books_in(database)
        await books.environment.claim(ours)
        sources = Sources.of(server, books, lambda tenant: visits(settings, tenant), wall_clock)
        perennial = Perennial(sources)
        commands = ServerCommandSender(server.subscriptions)
        account_books = SqlAccountBooks(database)
        measures = RecordMeasures(meter)
        writing = traced(SqlBooks(database), client)
        clocks = ServerClocks(server.subscriptions.test_clocks)
        billing = BillingActivities(writing, account_books, ServerAccounts(server.accounts), measures, clocks)
        answers, payments = AnswerActivities(SqlBooks(database)), PaymentActivities(account_books)
        restoring = RestoringActivities(SqlLives(database))
        opening = OpeningActivities(account_books, clocks)
        patience = settings.spread + LATE_ROWS
        invoicing = AccountActivities(
            account_books, SqlNonpaymentHolds(database), commands, patience, SqlTaxes(database)
        )
        provisioning = ProvisioningActivities(tenants, SqlAccessLog(database))
        orders = OrderActivities(SqlOrders(database), ServerLauncher(server.subscriptions, settings.spread), clocks)
        prices = PriceActivities(SqlPriceBook(database), commands)
        items = ServerItemSender(server.subscriptions, SqlBooks(database), server.versions)
        bulk = BulkActivities(SqlBulks(database), items)
        messenger = await stack.enter_async_context(WebhookMessenger())
        telling = NotificationActivities(SqlOutbox(database), books.publishers, given, messenger, server.notifications)
        queue, build = settings.task_queue, build_of(settings)
        publishers = PublisherWorkers(client, queue, books.publishers, given, telling, build)
        await stack.enter_async_context(publishers.running())
        runner = InStepRunner()
        worker = Worker(
            client,
            task_queue=settings.task_queue,
            workflows=[*WORKFLOWS, UnknownWorkflow],
            activities=[
                *(billing.record, billing.keep, billing.count_usage, restoring.restore, answers.first_answer),
                payments.payment,
                payments.recalled,
                *(provisioning.grant, provisioning.revoke, provisioning.purge),
                *(orders.open, orders.place, orders.start),
                *(opening.open, invoicing.close, invoicing.look, invoicing.record, invoicing.hold, invoicing.lift),
                *(prices.affected, prices.send, prices.finish),
                *(bulk.send, bulk.note),
                telling.hand_over,
            ],
            nexus_service_handlers=[NexusSubscriptions(perennial)],
            interceptors=[GuardInterceptor(), Heartbeats(), unfinished],
            max_heartbeat_throttle_interval=HEARTBEAT,
            workflow_runner=runner,
            deployment_config=deployment_config(settings),
            build_id=None if settings.deployment else build,
            max_cached_workflows=settings.cached_workflows,
            max_concurrent_workflow_tasks=settings.workflow_tasks_at_once,
            max_concurrent_activities=settings.activities_at_once,
            workflow_task_poller_behavior=PollerBehaviorSimpleMaximum(settings.pollers),
            activity_task_poller_behavior=PollerBehaviorSimpleMaximum(settings.pollers),
            sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        )
        runner.drop_by(worker)
        await stack.enter_async_context(worker)
        yield World(
            server=server,
            books=books,
            perennial=perennial,
            clock=ServerClock(client),
            publishers=publishers,
            tenants=tenants,
            works=Works(client, settings.task_queue, worker, books, unfinished),
        )


@asynccontextmanager
async def sign_in_page(settings: Settings) -> AsyncIterator[str]:
    """Serve the embedded tenant service's page, and yield its address. Raises TenantsUnavailable."""
    async with TenantServer(TenantStore(settings.tenants_path), settings.tenants_port) as page:
        yield page.address


@asynccontextmanager
async def _tenants(settings: Settings) -> AsyncIterator[Tenants]:
    if settings.tenants_url:
        async with HttpTenants(settings.tenants_url) as remote:
            yield remote
    else:
        yield EmbeddedTenants(TenantStore(settings.tenants_path))
