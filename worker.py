"""A worker: `worker.py` beside a Temporal server of yours, `worker.py --dev` with one of its own and the Web UI."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from temporalio.client import Client

from activities.adapters.tenants.server import TenantServer
from activities.adapters.tenants.store import TenantStore
from activities.errors import WorldError
from activities.settings import Settings, SettingsFault
from hosting.assembly import prepare_namespace, running_worker
from hosting.connection import connect, connect_to
from hosting.errors import HostingError
from hosting.shared_server import shared_server

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Dev = Annotated[bool, typer.Option("--dev", help="Run a Temporal server with its Web UI beside the worker.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="With --dev: the server's port; 0 is any free one.")]
HttpPort = Annotated[int, typer.Option(min=0, max=65535, help="With --dev: the port of its HTTP API.")]
UiPort = Annotated[int, typer.Option(min=0, max=65535, help="With --dev: the port of its Web UI.")]
Address = Annotated[str | None, typer.Option(help="The server's address; else Temporal's own configuration.")]


@app.command()
def main(
    dev: Dev = False,
    port: Port = 7233,
    http_port: HttpPort = 7243,
    ui_port: UiPort = 8233,
    address: Address = None,
) -> None:
    """Take the subscriptions' tasks from the server, until it is stopped (Ctrl-C)."""
    try:
        settings = Settings.load()
        asyncio.run(_work(settings, _embedded(settings, port, http_port, ui_port) if dev else _elsewhere(address)))
    except (HostingError, SettingsFault, WorldError) as error:
        sys.exit(_failed(str(error)))
    except KeyboardInterrupt:
        sys.exit(0)


def _failed(line: str) -> int:
    print(line, file=sys.stderr)
    return 1


async def _work(settings: Settings, server: AbstractAsyncContextManager[Client]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with server as client, running_worker(client, settings):
        print(f"Worker on task queue {settings.task_queue}, books in {_place(settings)}. Ctrl-C stops it.", flush=True)
        await stopped.wait()
        print("Stopping.", flush=True)


def _place(settings: Settings) -> str:
    return settings.database_url.partition(":///")[2]


@asynccontextmanager
async def _elsewhere(address: str | None) -> AsyncIterator[Client]:
    client = await connect(address, core_log="ERROR")
    await prepare_namespace(client)
    yield client


@asynccontextmanager
async def _embedded(settings: Settings, port: int, http_port: int, ui_port: int) -> AsyncIterator[Client]:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with shared_server(Path(settings.data_dir), port=port, http_port=http_port, ui_port=ui_port) as shared:
        client = await connect_to(shared.endpoints.address, core_log="ERROR")
        await prepare_namespace(client)
        if shared.joined:
            print("Joined the server that another worker runs on these files; it stops with that one.")
        print(f"Temporal server  {shared.endpoints.address}")
        print(f"HTTP API         {shared.endpoints.http_address}/api/v1/namespaces/default")
        print(f"Web UI           {shared.endpoints.ui_address}/namespaces/default/workflows", flush=True)
        async with AsyncExitStack() as stack:
            if not (shared.joined or settings.tenants_url):
                page = TenantServer(TenantStore(settings.tenants_path), settings.tenants_port)
                await stack.enter_async_context(page)
                print(f"Sign-in page     {page.address}", flush=True)
            yield client


if __name__ == "__main__":
    app()
