"""A publisher's endpoint on loopback that answers byte by byte as a test says."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from activities.notifications.contracts import Message, Reply
from activities.notifications.ports import Messenger
from activities.notifications.publishers import Endpoint
from tests.support.publisher.records import endpoint

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
MESSAGE = Message(id="s-1:3", body=b'{"quantity":5}')
LOCAL = {"allow_http": True, "allow_networks": ["127.0.0.0/8"]}
Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Names:
    """A resolver that gives each time the next answer, and the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class EndpointServer:
    """What was received, over how many connections, and where."""

    port: int = 0
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    open: int = 0

    @property
    def url(self) -> str:
        """The address by its number."""
        return f"http://127.0.0.1:{self.port}/"


@asynccontextmanager
async def answering(
    answer: bytes | Answering = OK, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[EndpointServer]:
    """A server that gives each request that answer, and keeps the connection."""
    server, running = EndpointServer(), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        server.open += 1
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    server.requests.append(await _received(reader))
                    if isinstance(answer, bytes):
                        writer.write(answer)
                        await writer.drain()
                    else:
                        await answer(writer)
            writer.close()
        finally:
            server.open -= 1
            # What it still has to say is of no use to a client that has left.
            writer.transport.abort()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        running.add(task)
        task.add_done_callback(running.discard)

    listening = await asyncio.start_server(accept, host, port, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _received(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    line, *fields = head.rstrip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
    return Received(line, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


def at(server: EndpointServer, **changed: Any) -> Endpoint:
    """The endpoint of that server."""
    return endpoint(**{"url": server.url, "timeout_seconds": 5, **LOCAL, **changed})


async def left_alone(server: EndpointServer) -> None:
    """Wait until the last connection is closed."""
    while server.open:
        await asyncio.sleep(0.01)


async def reset(writer: asyncio.StreamWriter) -> None:
    """Close the connection the hard way."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.close()
    raise ConnectionResetError


async def sent(messenger: Messenger, told: Endpoint) -> Reply:
    """One try, which ends by the endpoint's own timeout of a second, long before ours."""
    async with asyncio.timeout(10):
        return await messenger.send(told, MESSAGE)
