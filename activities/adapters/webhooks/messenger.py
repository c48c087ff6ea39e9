"""Send a signed message to a publisher's endpoint over HTTP: one attempt."""

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
"""The share of the remaining time that each half of connecting, TCP and TLS, may take."""
PORTS = {"http": 80, "https": 443}


class WebhookMessenger:
    """The Messenger port: `async with WebhookMessenger() as messenger`.

    Each endpoint has its own `at_once` connections, so one that hangs does not delay others. The host is resolved and
    checked once per attempt, and the connection goes to the checked address; `Host` and the certificate check still
    use the name. Proxies, redirects and cookies are not used.
    """

    def __init__(self, *, resolve: Resolve | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._system = SystemResolver()
        self._resolve = resolve or self._system
        # The system's certificates, loaded once; no settings from the environment.
        self._connections = Connections(tls or httpx2.create_ssl_context(trust_env=False))

    async def send(self, endpoint: Endpoint, message: Message) -> Reply:
        """The status counts as soon as the headers have arrived, whatever happens to the rest of the response."""
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

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._system.close()
        await self._connections.close()

    @asynccontextmanager
    async def _response(
        self, endpoint: Endpoint, headers: dict[str, str], body: bytes, until: float
    ) -> AsyncIterator[httpx2.Response]:
        """The response of the first address that accepts a connection; the body is not read yet."""
        named = httpx2.Request("POST", endpoint.url, headers=headers, content=body)
        # Resolve exactly the name that is sent as `Host`, however the URL spells it.
        host = named.url.raw_host.decode("ascii")
        answers = await self._resolve(host, named.url.port or PORTS[named.url.scheme])
        addresses = checked(host, answers, endpoint.allow_networks)[:MAX_ADDRESSES]
        async with self._connections.of(endpoint) as transport:
            response = await _first(transport, named, body, addresses, until)
            try:
                yield response
            finally:
                # If the body was not read to its end, this drops the connection.
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
        # An address that does not respond leaves time for the next one. TCP and TLS each get this timeout: the one of
        # the whole attempt would cancel a handshake halfway, which leaves its socket open.
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
        problem = f"answered {status}, a redirect; redirects are not followed"
    elif not 200 <= status < 300:
        problem = f"answered {status}"
    pause = retry_after(response.headers.get("retry-after"), wall_clock())
    return Reply(status=status, retry_after=pause, problem=problem)


async def _read_bounded(response: httpx2.Response) -> None:
    """Read the raw body up to MAX_BODY_BYTES, so that the connection can be used again."""
    read = 0
    async for chunk in response.aiter_raw():
        read += len(chunk)
        if read > MAX_BODY_BYTES:
            return


LONGEST_PAUSE = timedelta(hours=24)

# The three date formats of HTTP.
_DATES = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")

_SECONDS = re.compile(r"-?[0-9]{1,100}")


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """The pause that the header `Retry-After` asks for, from 0 to 24 hours. None if it is missing or not valid."""
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
