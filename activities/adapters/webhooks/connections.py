"""Connections per endpoint, open while messages are sent to it and shortly after."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2

from activities.notifications.publishers import Endpoint

IDLE_SECONDS = 5.0


@dataclass
class _Line:
    transport: httpx2.AsyncHTTPTransport
    used: int = 0
    quiet: asyncio.TimerHandle | None = None


class Connections:
    """At most `at_once` connections per endpoint, not shared with others, and none to an idle endpoint.

    A pool alone closes idle connections only when it is used again; with hundreds of publishers that would leave too
    many open.
    """

    def __init__(self, tls: ssl.SSLContext, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._tls = tls
        self._idle_seconds = idle_seconds
        self._lines: dict[tuple[str, str, int], _Line] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def of(self, endpoint: Endpoint) -> AsyncIterator[httpx2.AsyncHTTPTransport]:
        """The endpoint's transport, for one attempt."""
        # If the URL changes, the endpoint gets new connections.
        key = endpoint.id, endpoint.url, endpoint.at_once
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = _Line(self._transport(endpoint.at_once))
        if line.quiet is not None:
            line.quiet.cancel()
        line.used += 1
        try:
            yield line.transport
        finally:
            line.used -= 1
            # After `close` it is dropped already.
            if not line.used and self._lines.get(key) is line:
                line.quiet = asyncio.get_running_loop().call_later(self._idle_seconds, self._drop, key)

    async def close(self) -> None:
        """Close all connections."""
        for key, line in list(self._lines.items()):
            if line.quiet is not None:
                line.quiet.cancel()
            self._drop(key)
        await asyncio.gather(*self._closing)

    def _transport(self, at_once: int) -> httpx2.AsyncHTTPTransport:
        limits = httpx2.Limits(max_connections=at_once, keepalive_expiry=self._idle_seconds)
        return httpx2.AsyncHTTPTransport(verify=self._tls, trust_env=False, limits=limits)

    def _drop(self, key: tuple[str, str, int]) -> None:
        task = asyncio.ensure_future(self._lines.pop(key).transport.aclose())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
