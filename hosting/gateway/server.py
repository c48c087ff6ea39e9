"""The gateway on its own host and port, inside a worker's process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

from activities.adapters.http_server import CannotListen, HttpServer
from activities.notifications.publishers import Publishers
from activities.settings import Settings
from hosting.gateway.app import PATH, Gateway
from hosting.gateway.authentication import Authentication
from hosting.temporal.errors import HostingError
from perennial.use_cases import Perennial

MAX_CONNECTIONS = 256
HEADERS_WITHIN = timedelta(seconds=10)


class GatewayPortInUse(HostingError):
    """The gateway's address could not be bound."""


@asynccontextmanager
async def running_gateway(
    perennial: Perennial, settings: Settings, publishers: Publishers, **bounds: Any
) -> AsyncIterator[str | None]:
    """Serve the publishers, and yield the address that they post to; None without publishers.

    `bounds` are the Gateway's limits. Raises GatewayPortInUse.
    """
    if not publishers.publishers:
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
        http=_Impatient,
        ws="none",
        limit_concurrency=MAX_CONNECTIONS,
        proxy_headers=False,
        server_header=False,
        # Malformed requests from strangers are not logged.
        log_level="error",
    )


class _Impatient(H11Protocol):
    """Closes a connection that sends no headers in time; the application limits what follows."""

    _headers_due: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._headers_due = self.loop.call_later(HEADERS_WITHIN.total_seconds(), self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_due.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        # Before the first request it is None, whatever its type says.
        if cast("object | None", self.cycle) is None:
            self.transport.abort()
