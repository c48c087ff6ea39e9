"""The tenant service on a port of its own, inside this process."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import uvicorn

from activities.adapters.tenants.app import tenant_app
from activities.adapters.tenants.store import TenantStore
from activities.errors import TenantsUnavailable

LOOPBACK = "127.0.0.1"


class TenantServer:
    """`async with TenantServer(store, port) as server: ... server.address`. A port of 0 is any free one.

    On the loopback only: whoever reaches it can change a tenant's access. Raises TenantsUnavailable where
    the port is another's.
    """

    def __init__(self, store: TenantStore, port: int = 0) -> None:
        config = uvicorn.Config(
            tenant_app(store), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = _Unsignalled(config)
        self._port = port
        self._socket: socket.socket | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """http://host:port, once it is entered."""
        assert self._socket is not None, "enter it first"
        return f"http://{LOOPBACK}:{self._socket.getsockname()[1]}"

    async def __aenter__(self) -> Self:
        try:
            self._socket = socket.create_server((LOOPBACK, self._port))
        except OSError as error:
            raise TenantsUnavailable(
                f"The tenant service cannot have port {self._port} ({error.strerror}): "
                "choose another by PERENNIAL_TENANTS_PORT, or 0 for any free one."
            ) from None
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._serving is not None
        self._server.should_exit = True
        await self._serving
        if self._socket is not None:
            self._socket.close()


class _Unsignalled(uvicorn.Server):
    """Leaves the process's signals alone: they are the worker's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
