"""One signed try at a publisher's endpoint: whatever is there, a Reply comes of it, in time."""

import asyncio
import gzip
import hmac
import logging
import socket
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from standardwebhooks import Webhook

from activities.adapters.webhooks.connections import Connections
from activities.adapters.webhooks.messenger import MAX_BODY_BYTES, WebhookMessenger
from activities.adapters.webhooks.retry_after import retry_after
from activities.notification_contracts import Message, Reply
from activities.ports import Messenger
from activities.publishers import Endpoint
from tests.activities.endpoint_server import OK, EndpointServer, answering
from tests.activities.publishers_under_test import AT, NEW_SECRET, SECRET, endpoint

MESSAGE = Message(id="s-1:3", body=b'{"quantity":5}')
LOCAL = {"allow_http": True, "allow_networks": ["127.0.0.0/8"]}


@pytest_asyncio.fixture
async def messenger() -> AsyncIterator[WebhookMessenger]:
    async with WebhookMessenger() as messenger:
        yield messenger


def at(server: EndpointServer, **changed: Any) -> Endpoint:
    """The endpoint of that server."""
    return endpoint(**{"url": server.url, "timeout_seconds": 5, **LOCAL, **changed})


async def left_alone(server: EndpointServer) -> None:
    """Wait until nobody is connected any more."""
    while server.open:
        await asyncio.sleep(0.01)


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
    assert reply.problem == f"answered {status} and would lead elsewhere: redirects are not followed"
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


async def trickling(writer: asyncio.StreamWriter, head: bytes) -> None:
    writer.write(head)
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def test_no_answer_in_time(messenger: Messenger) -> None:
    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async with answering(silent) as server:
        reply = await messenger.send(at(server, timeout_seconds=1), MESSAGE)
    assert reply == Reply(problem="did not answer within 1 s")


@pytest.mark.parametrize("head", [b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nA: ", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 "])
async def test_headers_that_trickle_end_in_time(messenger: Messenger, head: bytes) -> None:
    async with answering(lambda writer: trickling(writer, head)) as server:
        reply = await messenger.send(at(server, timeout_seconds=1), MESSAGE)
    assert reply.status is None
    # An invalid line may be seen as one before the time is over.
    assert reply.problem in {"did not answer within 1 s", "what it answered is no whole HTTP response"}


@pytest.mark.parametrize("status", [200, 500])
async def test_a_body_that_trickles_ends_in_time_and_the_status_counts(messenger: Messenger, status: int) -> None:
    head = f"HTTP/1.1 {status} OK\r\nContent-Length: 4000\r\n\r\n".encode()
    async with answering(lambda writer: trickling(writer, head)) as server:
        told = at(server, timeout_seconds=1, at_once=1)
        reply = await messenger.send(told, MESSAGE)
        assert reply.status == status
        # Its one connection is free again.
        assert (await messenger.send(told, MESSAGE)).status == status
    assert server.connections == 2


async def test_a_body_without_end_is_left_alone(messenger: Messenger) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        with suppress(OSError):
            while True:
                writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
                await writer.drain()
                sent += 65_536

    async with answering(endless) as server:
        assert await messenger.send(at(server), MESSAGE) == Reply(status=200)
        assert await messenger.send(at(server), MESSAGE) == Reply(status=200)
    assert server.connections == 2
    # What the system's buffers hold, and no more.
    assert sent < 64 * 1024 * 1024


async def test_a_body_up_to_the_bound_keeps_the_connection(messenger: Messenger) -> None:
    for size, connections in ((MAX_BODY_BYTES, 1), (MAX_BODY_BYTES + 1, 2)):
        body = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * size
        async with answering(body) as server:
            for _ in range(2):
                assert (await messenger.send(at(server), MESSAGE)).accepted
        assert server.connections == connections


async def test_what_is_compressed_stays_so(messenger: Messenger, monkeypatch: pytest.MonkeyPatch) -> None:
    def expand(*_: object) -> None:
        raise AssertionError("it is expanded")

    monkeypatch.setattr("zlib.decompressobj", expand)
    bomb = gzip.compress(b"\0" * 3_000_000)[:MAX_BODY_BYTES]
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    async with answering(head + bomb) as server:
        assert await messenger.send(at(server), MESSAGE) == Reply(status=200)


async def reset(writer: asyncio.StreamWriter) -> None:
    """Close the connection the hard way."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.close()
    raise ConnectionResetError


async def test_a_connection_that_is_reset(messenger: Messenger) -> None:
    async with answering(reset) as server:
        reply = await messenger.send(at(server), MESSAGE)
    assert reply.status is None
    assert reply.problem == "the connection broke before it had answered (Connection reset by peer)"


async def test_nobody_listens(messenger: Messenger) -> None:
    async with answering() as server:
        pass
    reply = await messenger.send(at(server), MESSAGE)
    assert reply == Reply(problem="cannot be connected to (Connection refused)")


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 000 OK\r\n\r\n",
        b"HTTP/1.1 20x OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\xff\xfe: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: x\0y\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 1_000_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: x\r\n" * 200_000 + b"\r\n",
        b"\0" * 1000,
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"",
    ],
)
async def test_what_is_no_http_is_one_line_that_repeats_nothing(messenger: Messenger, said: bytes) -> None:
    async def once(writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        with suppress(OSError):
            await writer.drain()
        raise ConnectionResetError

    async with answering(once) as server:
        reply = await messenger.send(at(server), MESSAGE)
    assert reply.status is None
    assert reply.problem is not None
    assert reply.problem.startswith(("what it answered is no whole HTTP response", "the connection broke"))
    assert len(reply.problem) < 200


async def test_a_body_that_is_not_as_announced_changes_no_status(messenger: Messenger) -> None:
    async def short(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n")
        await writer.drain()
        raise ConnectionResetError

    async with answering(short) as server:
        assert await messenger.send(at(server), MESSAGE) == Reply(status=200)


async def test_another_protocol_is_no_answer(messenger: Messenger) -> None:
    switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    async with answering(switching) as server:
        reply = await messenger.send(at(server), MESSAGE)
    assert not reply.accepted
    assert reply.problem is not None


async def test_an_informational_response_is_passed_over(messenger: Messenger) -> None:
    async with answering(b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK) as server:
        assert await messenger.send(at(server), MESSAGE) == Reply(status=200)


async def test_a_name_that_does_not_resolve() -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with WebhookMessenger(resolve=nowhere) as messenger:
        reply = await messenger.send(endpoint(), MESSAGE)
    assert reply == Reply(problem="its name does not resolve (Name or service not known)")


@pytest.mark.parametrize("host", [f"{'a' * 64}.example", "a..example", "127.0.0.256", "1.2.3.04", "-"])
async def test_a_host_that_is_none(messenger: Messenger, host: str) -> None:
    reply = await messenger.send(endpoint(url=f"https://{host}/"), MESSAGE)
    assert reply.problem is not None
    assert "resolve" in reply.problem


async def test_a_name_whose_servers_hang_delays_no_longer_than_the_timeout() -> None:
    async def hanging(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(30)
        return []

    async with WebhookMessenger(resolve=hanging) as messenger:
        reply = await messenger.send(endpoint(timeout_seconds=1), MESSAGE)
    assert reply == Reply(problem="did not answer within 1 s")


async def test_an_endpoint_that_hangs_delays_no_other(messenger: Messenger) -> None:
    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async with answering(silent) as slow, answering() as quick:
        hanging = [asyncio.ensure_future(messenger.send(at(slow, id="slow", at_once=2), MESSAGE)) for _ in range(10)]
        replies = await asyncio.gather(*(messenger.send(at(quick), MESSAGE) for _ in range(20)))
        assert all(reply.accepted for reply in replies)
        assert not any(task.done() for task in hanging)
        # Never more at once than its file says.
        assert slow.connections <= 2
        assert quick.connections <= 8
        for task in hanging:
            task.cancel()
        assert all(
            isinstance(ended, asyncio.CancelledError)
            for ended in await asyncio.gather(*hanging, return_exceptions=True)
        )


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
