"""An HTTP application on a port of its own, inside this process."""

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
    """The address cannot be had; the message is the system's word for why."""


class HttpServer:
    """`async with HttpServer(app, host, port) as server: ... server.address`. A port of 0 is any free one.

    Entering it raises CannotListen. `options` are uvicorn's.
    """

    def __init__(self, app: ASGIApp, host: str = LOOPBACK, port: int = 0, **options: Any) -> None:
        # What is asked is nobody's to log, and the process's log is the worker's.
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1, **options
        )
        self._server = _Unsignalled(config)
        self._place = host, port
        self._socket: socket.socket | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """http://host:port, once it is entered."""
        assert self._socket is not None, "enter it first"
        host, port = self._place[0], self._socket.getsockname()[1]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def __aenter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self._place[0] else socket.AF_INET
        try:
            self._socket = socket.create_server(self._place, family=family)
        except OSError as error:
            # A name that cannot be found has a number of another kind, and its words are short.
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
    """Leaves the process's signals alone: they are the worker's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
