"""Sends a publisher what Perennial would."""

import httpx2

from tests.examples.messages import Sent


async def send(client: httpx2.AsyncClient, sent: Sent, *, seconds: float = 10) -> httpx2.Response:
    """The publisher's answer. Raises httpx2.TransportError where there is none in time."""
    return await client.post("/webhooks", content=sent.body, headers=sent.headers, timeout=seconds)
