"""A publisher's endpoint that answers as the test says, and keeps each message with its headers."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self

from activities.notifications.publishers import Publishers

SECRET = "whsec_" + "c2VjcmV0IG9mIGEgdGVzdCBvbmx5" + "AAAA"
LOOPBACK = {"allow_http": True, "allow_networks": ["127.0.0.0/8"]}
Answer = int | Callable[[], Awaitable[int]]
"""A status, or what to wait for first."""


@dataclass(frozen=True)
class Heard:
    """One message as it came, and what it was answered."""

    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["data"]
        return found

    @property
    def seq(self) -> int:
        return int(self.data["sequence"])


class Endpoint:
    """`async with Endpoint() as endpoint`. `answers` are each subscription's next ones, then it takes everything."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = defaultdict(list)
        self.always: dict[str, Answer] = {}
        self._heard: dict[str, list[Heard]] = defaultdict(list)
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None, "enter it first"
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/webhooks"

    def heard(self, subscription_id: str) -> list[Heard]:
        """Every message of the subscription, in the order in which they came."""
        return self._heard[subscription_id]

    def taken(self, subscription_id: str) -> list[int]:
        """The sequence numbers of those that were accepted."""
        return [each.seq for each in self._heard[subscription_id] if each.status < 300]

    async def until(self, subscription_id: str, seq: int) -> None:
        """Wait until that event has been taken."""
        async with asyncio.timeout(60):
            while seq not in self.taken(subscription_id):
                await asyncio.sleep(0.02)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await reader.readexactly(int(headers["content-length"]))
            subscription_id = headers["webhook-id"].rpartition(":")[0]
            waiting = self.answers[subscription_id]
            answer = waiting.pop(0) if waiting else self.always.get(subscription_id, 204)
            status = answer if isinstance(answer, int) else await answer()
            self._heard[subscription_id].append(Heard(headers, body, status))
            writer.write(f"HTTP/1.1 {status} Answer\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def publishers_at(url: str, **terms: dict[str, Any]) -> Publishers:
    """Publishers that are all told at the address, each with its own settings."""
    plain = {"url": url, "secrets": [SECRET], **LOOPBACK}
    return Publishers.model_validate({"publishers": [{"id": name, **plain, **own} for name, own in terms.items()]})
