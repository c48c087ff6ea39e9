"""A gateway over real sockets and a real database, with no worker behind the Temporal server."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from temporalio.client import Client

from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.setup_links import SqlSetupLinks
from activities.provisioning.door import Visits
from hosting.gateway.app import PATH, Gateway
from hosting.gateway.authentication import Authentication
from hosting.gateway.server import gateway_server
from hosting.sql_books import books_in
from perennial.sources.server import Server
from perennial.sources.sources import Sources
from perennial.subscription.publishers import ForPublishers
from tests.support.publisher.signing import PUBLISHERS, encoded, signed

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


class Wall:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


async def nobody_visits(tenant: str) -> Visits:
    """The gateway asks no tenant."""
    raise NotImplementedError


class Site:
    """A gateway, and a client of it. Subscription `o-1-1` is Contoso's, `o-1-2` Wingtip's, `o-1-3` nobody's."""

    def __init__(self, path: Path, database: Database, client: Client, **bounds: Any) -> None:
        self.path, self.clock = path, Wall()
        self.links = SqlSetupLinks(database)
        server = Server.of(client, "nobody-works-here", self.clock)
        sources = Sources.of(server, books_in(database), nobody_visits, self.clock)
        gateway = Gateway(Authentication(lambda: PUBLISHERS), ForPublishers(sources), self.clock, **bounds)
        self.server = gateway_server(gateway, "127.0.0.1", 0)

    async def token(self, subscription_id: str = "o-1-1") -> str:
        link = await self.links.issue(subscription_id, NOW)
        return link.url.partition("?token=")[2]

    async def post(self, body: bytes, headers: dict[str, str]) -> httpx2.Response:
        async with httpx2.AsyncClient(base_url=self.server.address, trust_env=False, verify=False) as browser:
            return await browser.post(PATH, content=body, headers=headers)

    async def ask(self, asked: dict[str, Any], **changes: Any) -> httpx2.Response:
        body = encoded(asked)
        return await self.post(body, signed(body, **{"at": NOW, **changes}))

    async def raw(self, text: bytes) -> bytes:
        """What comes back to these very bytes, until the connection closes."""
        host, port = self.server.address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(text)
        answer = await reader.read()
        writer.close()
        return answer


def refused(response: httpx2.Response) -> tuple[int, str]:
    """The status and the error's type; its message is one line."""
    error = response.json()["error"]
    assert set(error) == {"type", "message"}
    assert 0 < len(error["message"]) < 1024
    assert "\n" not in error["message"]
    return response.status_code, error["type"]


def head(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join([f"POST {PATH} HTTP/1.1", "Host: x", *lines, "", ""]).encode("latin-1") + body
