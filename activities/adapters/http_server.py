"""Serve an HTTP application on a port inside this process."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Self, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from activities.settings import LOOPBACK

MAX_CONNECTIONS = 256
"""At most this many are open. Beyond it, the one that has kept the server waiting longest is dropped."""
LARGEST_HEADERS = 16_384
HEADERS_WITHIN, REQUEST_WITHIN = timedelta(seconds=10), timedelta(seconds=30)
"""How long headers and a whole request may take to arrive, from the connection or the last answer on."""


class CannotListen(Exception):
    """The address could not be bound; the message is the operating system's error."""


class HttpServer:
    """`async with HttpServer(app, host, port) as server: ... server.address`. Port 0 takes any free port.

    Entering raises CannotListen. `options` are uvicorn's. Connections that send nothing, or only a part of a request,
    take no room from others: they are dropped when their time is up, or earlier when room is needed.
    """

    def __init__(self, app: ASGIApp, host: str = LOOPBACK, port: int = 0, **options: Any) -> None:
        # Requests are not logged, and the log settings of the process belong to the worker.
        config = uvicorn.Config(
            app,
            http=_Impatient,
            ws="none",
            limit_concurrency=MAX_CONNECTIONS,
            h11_max_incomplete_event_size=LARGEST_HEADERS,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            **options,
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


class _Impatient(H11Protocol):
    """A connection that is dropped if it keeps the server waiting; the application limits what follows."""

    _since: float
    _timers: tuple[asyncio.TimerHandle, ...] = ()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        most, self.limit_concurrency = self.limit_concurrency, None
        super().connection_made(transport)
        self._wait()
        if most is None or len(self.connections) <= most:
            return
        others = [other for other in self.connections if isinstance(other, _Impatient) and other is not self]
        longest = min((other for other in others if other.is_waited_for), key=lambda other: other._since, default=None)
        if longest is None:
            # All others are being answered. It gets status 503 for its request.
            self.limit_concurrency = 0
        else:
            longest._drop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timers()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self._wait()
        super().on_response_complete()

    @property
    def is_waited_for(self) -> bool:
        """Whether the server waits for a request, or for the rest of one."""
        return not self._has_headers or self.cycle.more_body

    @property
    def _has_headers(self) -> bool:
        # Before the first request it is None, whatever its type says.
        return cast("object | None", self.cycle) is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self._stop_timers()
        self._since = self.loop.time()
        self._timers = (
            self.loop.call_later(HEADERS_WITHIN.total_seconds(), self._drop_without_headers),
            self.loop.call_later(REQUEST_WITHIN.total_seconds(), self._drop_unfinished),
        )

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()

    def _drop_without_headers(self) -> None:
        if not self._has_headers:
            self._drop()

    def _drop_unfinished(self) -> None:
        if self.is_waited_for:
            self._drop()

    def _drop(self) -> None:
        # At once, because the loss of the connection is noticed later.
        self.connections.discard(self)
        self.transport.abort()
