"""`worker`: run a worker beside a Temporal server of yours, or with a server of its own."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import combinations
from typing import Annotated, NamedTuple

import typer
from temporalio.client import Client

from activities.environment import OthersBooks
from activities.notifications.publishers import SECRETS_VARIABLE
from activities.settings import Prepare, Settings, SettingsFault
from cli.failure import Failure, Misused
from cli.next_step import line_of
from cli.options import Address
from cli.start import program
from domain.faults import shown
from domain.next_step import PerennialError
from hosting import logs, traces
from hosting.assembly import require_files, running_worker, sign_in_page
from hosting.build import version_of
from hosting.embedded.shared import shared_server
from hosting.files.secrets import load_secrets
from hosting.gateway.server import running_gateway
from hosting.monitoring.address import monitoring
from hosting.nexus.endpoint import prepare_endpoint
from hosting.opening import own_address
from hosting.preparation import NEXUS_ENDPOINT, clocks_part, server_parts
from hosting.temporal.connection import connect, connect_to
from perennial.deployment.preparation import Part, require

FORMER_VARIABLE = "PERENNIAL_PUBLISHERS_FILE"
"""Named the publishers to notify, with their secrets, before the catalog did."""

Dev = Annotated[bool, typer.Option("--dev", help="Run a Temporal server and its Web UI beside the worker.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="With --dev: the server's port; 0 is any free one.")]
HttpPort = Annotated[int, typer.Option(min=0, max=65535, help="With --dev: the port of its HTTP API.")]
UiPort = Annotated[int, typer.Option(min=0, max=65535, help="With --dev: the port of its Web UI.")]

Watch = Callable[[], Awaitable[object]]
"""Waits, and raises HostingError when the server is gone."""


class Served(NamedTuple):
    """A server that gives the worker its tasks. `joined`: another worker runs it, and its pages and gateway."""

    client: Client
    watch: Watch
    joined: bool = False


Server = Callable[[str | None], AbstractAsyncContextManager[Served]]
"""Takes where this process's metrics are exported, if they are."""


def worker(
    context: typer.Context,
    dev: Dev = False,
    port: Port = 7233,
    http_port: HttpPort = 7243,
    ui_port: UiPort = 8233,
    address: Address = None,
) -> None:
    """Run a worker; with --dev also a server and its Web UI.

    The worker does the subscriptions' work until it is stopped (Ctrl-C).

    Example: worker --dev
    """
    ports = {"--port": port, "--http-port": http_port, "--ui-port": ui_port}
    try:
        _check_the_options_fit(context, dev, list(ports))
        settings = Settings.load().preparing(of_its_own=dev)
        _refuse_a_publishers_file()
        # Before anything starts: the worker reads it again.
        load_secrets(settings.secrets_file)
        _check_ports_differ({**(ports if dev else {}), **_ports_of(settings, dev=dev)})
        server = (
            partial(_embedded, settings, port, http_port, ui_port) if dev else partial(_elsewhere, address, settings)
        )
        asyncio.run(_work(settings, server))
    except SettingsFault as fault:
        raise Misused(str(fault)) from None
    except OthersBooks as error:
        to_this = f"Or move the books to this server for good: {program()} setup --dev --adopt"
        raise Failure(f"{error.message} {to_this}" if dev else line_of(error)) from None
    except PerennialError as error:
        raise Failure(line_of(error)) from None
    except KeyboardInterrupt:
        return


def _refuse_a_publishers_file() -> None:
    if file := os.environ.get(FORMER_VARIABLE):
        raise Misused(
            f"{FORMER_VARIABLE}: got {shown(file)}; it is read no more, so nobody in it would be notified. Import the "
            f"publishers into the catalog, put their secrets into the file that {SECRETS_VARIABLE} names, and unset "
            "this one: see docs/notifications.md."
        )


def _check_the_options_fit(context: typer.Context, dev: bool, ports: list[str]) -> None:
    for option in ["--address"] if dev else ports:
        source = context.get_parameter_source(option.removeprefix("--").replace("-", "_"))
        if source is not None and source.name == "COMMANDLINE":
            raise Misused(
                "--address names a server of yours, --dev runs its own: give one of the two."
                if dev
                else f"{option} is a port of the server that --dev runs: add --dev, or name your server by --address."
            )


def _check_ports_differ(ports: Mapping[str, int]) -> None:
    for (one, port), (other, same) in combinations(ports.items(), 2):
        if port == same != 0:
            words = f"Two options name port {port}, {one} and {other}"
            raise Misused(f"{words}: give each a port of its own, or 0 for any free one.")


def _ports_of(settings: Settings, *, dev: bool) -> dict[str, int]:
    """The ports that this process listens on, by the settings that name them."""
    page = {} if settings.tenants_url or not dev else {"PERENNIAL_TENANTS_PORT": settings.tenants_port}
    gateway = {"PERENNIAL_GATEWAY_PORT": settings.gateway_port} if settings.secrets_file else {}
    ports = {**page, **gateway}
    if settings.metrics_address:
        ports["PERENNIAL_METRICS_ADDRESS"] = int(settings.metrics_address.rpartition(":")[2])
    return ports


async def _work(settings: Settings, server: Server) -> None:
    logs.start(settings)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await require_files(settings)
    async with (
        monitoring(settings) as monitor,
        server(monitor.exporter) as (client, watch, joined),
        running_worker(client, settings) as world,
        monitor.of(world.works),
        running_gateway(
            world.perennial, settings, world.publishers.known if settings.secrets_file and not joined else None
        ) as gateway,
    ):
        if gateway is not None:
            print(f"Publisher gateway  {gateway}")
        elif joined and settings.secrets_file:
            print(
                "No publisher gateway here: the worker that runs the server has it, if it was given "
                f"{SECRETS_VARIABLE} too."
            )
        if monitor.address:
            print(f"Metrics            {monitor.address}/metrics")
        if ours := version_of(settings):
            print(f"Version            {ours.build_id}, of deployment {ours.deployment_name}")
        logs.say_started(client, settings)
        queue, place = settings.task_queue, settings.books_place
        print(f"Worker on task queue {queue}, books in {place}. Ctrl-C stops it.", flush=True)
        await _until(stopped, watch)
        print("Stopping.", flush=True)


async def _until(stopped: asyncio.Event, watch: Watch) -> None:
    """Return when the worker should stop. Raises HostingError when its server is gone."""
    told, gone = asyncio.ensure_future(stopped.wait()), asyncio.ensure_future(watch())
    try:
        await asyncio.wait((told, gone), return_when=asyncio.FIRST_COMPLETED)
        if not told.done():
            await gone
    finally:
        told.cancel()
        gone.cancel()


@asynccontextmanager
async def _elsewhere(address: str | None, settings: Settings, metrics: str | None) -> AsyncIterator[Served]:
    client = await connect(
        address,
        own=own_address(settings),
        core_log="ERROR",
        metrics=metrics,
        interceptors=traces.interceptors(settings),
    )
    await _made_ready(client, settings)
    # A server that others run may come back: the SDK waits for it.
    yield Served(client, asyncio.Event().wait)


async def _made_ready(client: Client, settings: Settings, *more: Part) -> None:
    """Prepare or check the server, as the settings say. Raises NotPrepared."""
    if settings.prepare is not Prepare.OFF:
        await require([*server_parts(client), *more], prepare=settings.prepare is Prepare.ON)


@asynccontextmanager
async def _embedded(
    settings: Settings, port: int, http_port: int, ui_port: int, metrics: str | None
) -> AsyncIterator[Served]:
    async with (
        shared_server(settings.data_dir, port=port, http_port=http_port, ui_port=ui_port) as shared,
        AsyncExitStack() as stack,
    ):
        client = await connect_to(
            shared.endpoints.address, core_log="ERROR", metrics=metrics, interceptors=traces.interceptors(settings)
        )
        await _made_ready(client, settings, clocks_part(client))
        if settings.prepare is Prepare.ON:
            # On this server nobody else has an endpoint of that name.
            await prepare_endpoint(client, NEXUS_ENDPOINT, settings.task_queue)
        page = None
        if not (shared.joined or settings.tenants_url):
            page = await stack.enter_async_context(sign_in_page(settings))
        if shared.joined:
            print("Joined the server that another worker runs on these files; it stops with that one.")
        print(f"Temporal server    {shared.endpoints.address}")
        print(f"HTTP API           {shared.endpoints.http_address}/api/v1/namespaces/default")
        print(f"Web UI             {shared.endpoints.ui_address}/namespaces/default/workflows", flush=True)
        if page is not None:
            print(f"Sign-in page       {page}", flush=True)
        yield Served(client, shared.watch, shared.joined)
