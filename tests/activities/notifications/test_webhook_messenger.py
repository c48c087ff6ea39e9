"""One signed try at a publisher's endpoint, and what its answer comes to."""

import asyncio
import hmac
import logging
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import httpx2
import pytest
import pytest_asyncio
from standardwebhooks import Webhook

from activities.adapters.webhooks.connections import Connections
from activities.adapters.webhooks.messenger import WebhookMessenger, retry_after
from activities.notifications.contracts import Reply
from activities.notifications.ports import Messenger
from activities.notifications.publishers import Endpoint
from tests.support.publisher.raw_endpoint import MESSAGE, OK, answering, at, left_alone, reset
from tests.support.publisher.records import AT, NEW_SECRET, SECRET


@pytest_asyncio.fixture
async def messenger() -> AsyncIterator[WebhookMessenger]:
    async with WebhookMessenger() as messenger:
        yield messenger


async def test_a_message_is_posted_as_it_is_and_signed(messenger: Messenger) -> None:
    async with answering() as server:
        before = int(time.time())
        reply = await messenger.send(at(server, url=f"{server.url}told?code=a%20key"), MESSAGE)
        after = int(time.time())
    assert reply == Reply(status=200)
    assert reply.accepted
    (request,) = server.requests
    assert request.line == "POST /told?code=a%20key HTTP/1.1"
    assert request.body == MESSAGE.body
    headers = request.headers
    assert set(headers) == {
        "accept",
        "accept-encoding",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    }
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert headers["content-type"] == "application/json"
    assert headers["accept-encoding"] == "identity"
    assert headers["user-agent"] == "Perennial"
    assert headers["webhook-id"] == "s-1:3"
    assert before <= int(headers["webhook-timestamp"]) <= after
    assert Webhook(SECRET).verify(request.body, headers) == {"quantity": 5}
    signed = f"s-1:3.{headers['webhook-timestamp']}.".encode() + request.body
    digest = hmac.new(b64decode(SECRET.removeprefix("whsec_")), signed, sha256).digest()
    assert headers["webhook-signature"] == f"v1,{b64encode(digest).decode()}"


async def test_each_of_two_secrets_verifies_while_one_replaces_the_other(messenger: Messenger) -> None:
    async with answering() as server:
        await messenger.send(at(server, secrets=[SECRET, NEW_SECRET]), MESSAGE)
    (request,) = server.requests
    assert len(request.headers["webhook-signature"].split(" ")) == 2
    for secret in (SECRET, NEW_SECRET):
        assert Webhook(secret).verify(request.body, request.headers) == {"quantity": 5}


async def test_a_connection_is_used_again(messenger: Messenger) -> None:
    async with answering() as server:
        for _ in range(3):
            assert (await messenger.send(at(server), MESSAGE)).accepted
    assert (server.connections, len(server.requests)) == (1, 3)


async def test_connections_are_used_again_under_load_and_closed_when_it_is_quiet() -> None:
    connections = Connections(httpx2.create_ssl_context(trust_env=False), idle_seconds=0.05)

    async def tell(told: Endpoint) -> None:
        async with connections.of(told) as transport:
            response = await transport.handle_async_request(httpx2.Request("POST", told.url))
            await response.aread()

    async with answering() as server:
        for _ in range(5):
            await asyncio.gather(*(tell(at(server, at_once=4)) for _ in range(8)))
        assert 1 <= server.connections <= 4
        await left_alone(server)
        await tell(at(server, at_once=4))
        await connections.close()
        await left_alone(server)
        assert len(server.requests) == 41


@pytest.mark.parametrize("status", [201, 202, 204, 299, 400, 401, 404, 409, 410, 500, 503, 599])
async def test_a_status_is_what_the_publisher_says(messenger: Messenger, status: int) -> None:
    async with answering(f"HTTP/1.1 {status} Secret\r\nContent-Length: 0\r\n\r\n".encode()) as server:
        reply = await messenger.send(at(server), MESSAGE)
    problem = None if status < 300 else f"answered {status}"
    assert reply == Reply(status=status, problem=problem)
    assert reply.accepted == (status < 300)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_and_no_cookie_kept(messenger: Messenger, status: int) -> None:
    async with answering() as target:
        leading = f"HTTP/1.1 {status} Found\r\nLocation: {target.url}\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
        async with answering(leading.encode()) as server:
            for _ in range(2):
                reply = await messenger.send(at(server), MESSAGE)
    assert reply.status == status
    assert not reply.accepted
    assert reply.problem == f"answered {status}, a redirect; redirects are not followed"
    assert (target.connections, len(server.requests)) == (0, 2)
    assert "cookie" not in server.requests[1].headers


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("0", timedelta(0)),
        ("120", timedelta(minutes=2)),
        (" 120 ", timedelta(minutes=2)),
        ("-5", timedelta(0)),
        ("86401", timedelta(hours=24)),
        ("9" * 90, timedelta(hours=24)),
        ("Sat, 31 Jan 2026 09:05:00 GMT", timedelta(minutes=5)),
        ("Saturday, 31-Jan-26 09:05:00 GMT", timedelta(minutes=5)),
        ("Sat Jan 31 09:05:00 2026", timedelta(minutes=5)),
        ("Sat, 31 Jan 2026 08:00:00 GMT", timedelta(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(hours=24)),
        ("1.5", None),
        ("", None),
        ("soon", None),
        ("1, 2", None),
        ("\u0665", None),
        ("9" * 101, None),
        ("Sat, 32 Jan 2026 09:05:00 GMT", None),
        ("2026-01-31T09:05:00Z", None),
        (None, None),
    ],
)
def test_when_to_ask_again(header: str | None, pause: timedelta | None) -> None:
    assert retry_after(header, AT) == pause


@pytest.mark.parametrize(("given", "least", "most"), [("7", 7, 7), ("date", 50, 60), ("soon", None, None)])
async def test_too_many_at_once(messenger: Messenger, given: str, least: int | None, most: int | None) -> None:
    date = datetime.now(UTC) + timedelta(minutes=1)
    header = f"{date:%a, %d %b %Y %H:%M:%S} GMT" if given == "date" else given
    async with answering(f"HTTP/1.1 429 No\r\nRetry-After: {header}\r\nContent-Length: 0\r\n\r\n".encode()) as server:
        reply = await messenger.send(at(server), MESSAGE)
    assert (reply.status, reply.problem) == (429, "answered 429")
    if least is None or most is None:
        assert reply.retry_after is None
    else:
        assert reply.retry_after is not None
        assert timedelta(seconds=least) <= reply.retry_after <= timedelta(seconds=most)


async def test_an_informational_response_is_passed_over(messenger: Messenger) -> None:
    async with answering(b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK) as server:
        assert await messenger.send(at(server), MESSAGE) == Reply(status=200)


async def test_no_proxy_of_the_environment_is_used(messenger: Messenger, monkeypatch: pytest.MonkeyPatch) -> None:
    async with answering() as proxy, answering() as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        async with WebhookMessenger() as another:
            assert (await another.send(at(server), MESSAGE)).accepted
    assert (proxy.connections, server.connections) == (0, 1)


async def test_no_secret_is_in_a_log_a_problem_or_a_repr(
    messenger: Messenger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    moved = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    told = {"secrets": [SECRET, NEW_SECRET]}
    said = []
    async with answering() as server, answering(moved) as moving, answering(reset) as resetting:
        for one in (server, moving, resetting):
            where = at(one, url=f"{one.url}?code=QUFB", **told)
            said += [repr(await messenger.send(where, MESSAGE)), repr(where)]
    said += [repr(await messenger.send(at(server, url=f"{server.url}?code=QUFB", **told), MESSAGE)), repr(messenger)]
    logged = "\n".join(
        record.getMessage() for record in caplog.records if "location" not in record.getMessage().lower()
    )
    for text in (logged, *said):
        assert "QUFB" not in text
        assert "QkJC" not in text
        assert "v1," not in text
