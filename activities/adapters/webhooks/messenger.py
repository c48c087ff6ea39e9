"""One signed try at a publisher's endpoint, over HTTP."""

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Self

import httpx2
from standardwebhooks import Webhook

from activities.adapters.webhooks.addresses import Unreachable, checked
from activities.adapters.webhooks.connections import Connections
from activities.adapters.webhooks.errors import SEND_ERRORS, problem_of
from activities.adapters.webhooks.resolver import Resolve, SystemResolver
from activities.notifications.contracts import Message, Reply
from activities.notifications.publishers import Endpoint
from activities.wall_clock import wall_clock

MAX_BODY_BYTES = 4096
MAX_ADDRESSES = 4
CONNECTING = 0.45
"""The part of the time left that either half of connecting may take."""
PORTS = {"http": 80, "https": 443}


class WebhookMessenger:
    """The Messenger port: `async with WebhookMessenger() as messenger`.

    Each endpoint has connections of its own, `at_once` of them: one that hangs delays no other. Names are resolved and
    checked here, once a try, and the connection goes to the checked address; `Host` and the certificate's check keep
    the name. No proxy, no redirect and no cookie is followed or kept.
    """

    def __init__(self, *, resolve: Resolve | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._system = SystemResolver()
        self._resolve = resolve or self._system
        # The system's certificates, once for all; nothing of the environment.
        self._connections = Connections(tls or httpx2.create_ssl_context(trust_env=False))

    async def send(self, endpoint: Endpoint, message: Message) -> Reply:
        """One try, within the endpoint's timeout. What goes wrong on the way is a Reply, never raised.

        A status counts once its headers are here: what the rest of the response does changes nothing.
        """
        headers = _headers(endpoint, message)
        reply: Reply | None = None
        try:
            async with (
                asyncio.timeout(endpoint.timeout_seconds) as whole,
                self._response(endpoint, headers, message.body, whole.when() or 0.0) as response,
            ):
                reply = _reply(response)
                await _read_bounded(response)
        except TimeoutError:
            problem = f"did not answer within {endpoint.timeout_seconds} s"
        except Unreachable as unreachable:
            problem = str(unreachable)
        except SEND_ERRORS as error:
            problem = problem_of(error)
        return reply or Reply(problem=problem)

    async def close(self) -> None:
        """Close the connections."""
        self._system.close()
        await self._connections.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def _response(
        self, endpoint: Endpoint, headers: dict[str, str], body: bytes, until: float
    ) -> AsyncIterator[httpx2.Response]:
        """What the first address answers that takes a connection; its body is still to be read."""
        named = httpx2.Request("POST", endpoint.url, headers=headers, content=body)
        # What resolves is what is in `Host`, whatever way the address spells it.
        host = named.url.raw_host.decode("ascii")
        answers = await self._resolve(host, named.url.port or PORTS[named.url.scheme])
        addresses = checked(host, answers, endpoint.allow_networks)[:MAX_ADDRESSES]
        async with self._connections.of(endpoint) as transport:
            response = await _first(transport, named, body, addresses, until)
            try:
                yield response
            finally:
                # Where the body was not read to its end, this drops the connection.
                await response.aclose()


async def _first(
    transport: httpx2.AsyncHTTPTransport,
    named: httpx2.Request,
    body: bytes,
    addresses: Sequence[str],
    until: float,
) -> httpx2.Response:
    name = named.url.raw_host.decode("ascii").rstrip(".")
    for left, address in zip(range(len(addresses) - 1, -1, -1), addresses, strict=True):
        # One that swallows what it is sent leaves time for the next one. TCP and TLS take up to that long each, and end
        # by it rather than by the whole try's timeout: cancelled in its midst, a handshake leaves its socket open.
        connect = CONNECTING * (until - asyncio.get_running_loop().time()) / (left + 1)
        url = named.url.copy_with(host=address)
        extensions = {"sni_hostname": name, "timeout": {"connect": connect}}
        try:
            return await transport.handle_async_request(
                httpx2.Request("POST", url, headers=named.headers, content=body, extensions=extensions)
            )
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            # Nothing has been sent yet.
            if not left:
                raise
    raise AssertionError("there is an address")


def _headers(endpoint: Endpoint, message: Message) -> dict[str, str]:
    at = datetime.fromtimestamp(int(time.time()), UTC)
    signatures = (
        Webhook(secret.get_secret_value()).sign(message.id, at, message.body.decode()) for secret in endpoint.secrets
    )
    return {
        "accept": "*/*",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "user-agent": "Perennial",
        "webhook-id": message.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _reply(response: httpx2.Response) -> Reply:
    status = response.status_code
    problem = None
    if 300 <= status < 400:
        problem = f"answered {status} and would lead elsewhere: redirects are not followed"
    elif not 200 <= status < 300:
        problem = f"answered {status}"
    pause = retry_after(response.headers.get("retry-after"), wall_clock())
    return Reply(status=status, retry_after=pause, problem=problem)


async def _read_bounded(response: httpx2.Response) -> None:
    """Read the body as it came, so that the connection can be used again; one that is longer is left alone."""
    read = 0
    async for chunk in response.aiter_raw():
        read += len(chunk)
        if read > MAX_BODY_BYTES:
            return


LONGEST_PAUSE = timedelta(hours=24)

# All three forms of a date that HTTP knows.
_DATES = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")

_SECONDS = re.compile(r"-?[0-9]{1,100}")


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """The pause that is asked for, from 0 to 24 hours; None where none is, or not in words that HTTP knows."""
    if header is None:
        return None
    text = header.strip()
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=min(max(int(text), 0), LONGEST_PAUSE.total_seconds()))
    for date in _DATES:
        try:
            at = datetime.strptime(text, date).replace(tzinfo=UTC)
        except ValueError:
            continue
        return min(max(at - now, timedelta(0)), LONGEST_PAUSE)
    return None
