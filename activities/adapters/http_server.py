"""Serve an HTTP application on a port inside this process."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp

from activities.settings import LOOPBACK


class CannotListen(Exception):
    """The address could not be bound; the message is the operating system's error."""


class HttpServer:
    """`async with HttpServer(app, host, port) as server: ... server.address`. Port 0 takes any free port.

    Entering raises CannotListen. `options` are uvicorn's.
    """

    def __init__(self, app: ASGIApp, host: str = LOOPBACK, port: int = 0, **options: Any) -> None:
        # Requests are not logged, and the log settings of the process belong to the worker.
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1, **options
        )
        self._server = _Unsignalled(config)
        self._place = host, port
        self._socket: socket.socket | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """http://host:port, after entering."""
        assert self._socket is not None, "enter it first"
        host, port = self._place[0], self._socket.getsockname()[1]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def __aenter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self._place[0] else socket.AF_INET
        try:
            self._socket = socket.create_server(self._place, family=family)
        except OSError as error:
            # For a host name that does not resolve, errno is negative, and strerror has the short text.
            number = error.errno or 0
            raise CannotListen(os.strerror(number) if number > 0 else error.strerror) from None
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._serving is not None
        self._server.should_exit = True
        await self._serving
        if self._socket is not None:
            self._socket.close()


class _Unsignalled(uvicorn.Server):
    """Does not handle signals: they belong to the worker."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
