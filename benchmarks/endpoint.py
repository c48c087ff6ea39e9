"""A publisher that takes everything at once, and counts it."""

import asyncio
from typing import Self


class Endpoint:
    """`async with Endpoint() as endpoint: ... endpoint.url`; connections are kept. `taken` counts requests."""

    def __init__(self) -> None:
        self.taken = 0
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None, "enter it first"
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    async def until(self, taken: int) -> None:
        """Wait until it has taken so many."""
        while self.taken < taken:
            await asyncio.sleep(0.02)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length))
                self.taken += 1
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            writer.close()
