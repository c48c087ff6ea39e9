"""The gateway on its own host and port, inside a worker's process."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from activities.adapters.http_server import CannotListen, HttpServer
from activities.notifications.publishers import Publishers
from activities.settings import Settings
from hosting.gateway.app import PATH, Gateway
from hosting.gateway.authentication import Authentication
from hosting.temporal.errors import HostingError
from perennial.use_cases import Perennial


class GatewayPortInUse(HostingError):
    """The gateway's address could not be bound."""


@asynccontextmanager
async def running_gateway(
    perennial: Perennial, settings: Settings, publishers: Callable[[], Publishers] | None, **bounds: Any
) -> AsyncIterator[str | None]:
    """Serve the publishers known at the time, and yield the address that they post to; None without any source of them.

    `bounds` are the Gateway's limits. Raises GatewayPortInUse.
    """
    if publishers is None:
        yield None
        return
    gateway = Gateway(Authentication(publishers), perennial.publishers, perennial.sources.now, **bounds)
    server = gateway_server(gateway, settings.gateway_host, settings.gateway_port)
    try:
        await server.__aenter__()
    except CannotListen as error:
        raise GatewayPortInUse(
            f"The publisher gateway cannot listen on {settings.gateway_host} port {settings.gateway_port} "
            f"({error}): set PERENNIAL_GATEWAY_HOST and PERENNIAL_GATEWAY_PORT to another address; "
            "port 0 is any free one."
        ) from None
    try:
        yield f"{server.address}{PATH}"
    finally:
        await server.__aexit__()


def gateway_server(gateway: Gateway, host: str, port: int) -> HttpServer:
    """The HTTP server of the gateway, for clients that cannot be trusted."""
    return HttpServer(
        gateway.app,
        host,
        port,
        proxy_headers=False,
        server_header=False,
        # Malformed requests from strangers are not logged.
        log_level="error",
    )
