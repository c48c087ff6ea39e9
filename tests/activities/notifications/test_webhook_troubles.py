"""Endpoints that hang, trickle, flood, break off or are none: a Reply comes of each, in time."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import pytest
import pytest_asyncio

from activities.adapters.webhooks.messenger import MAX_BODY_BYTES, WebhookMessenger
from activities.notifications.contracts import Reply
from activities.notifications.ports import Messenger
from tests.support.publisher.raw_endpoint import MESSAGE, answering, at, reset, sent
from tests.support.publisher.records import endpoint


@pytest_asyncio.fixture
async def messenger() -> AsyncIterator[WebhookMessenger]:
    async with WebhookMessenger() as messenger:
        yield messenger


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
        reply = await sent(messenger, at(server, timeout_seconds=1))
    assert reply == Reply(problem="did not answer within 1 s")


@pytest.mark.parametrize("head", [b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nA: ", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 "])
async def test_headers_that_trickle_end_in_time(messenger: Messenger, head: bytes) -> None:
    async with answering(lambda writer: trickling(writer, head)) as server:
        reply = await sent(messenger, at(server, timeout_seconds=1))
    assert reply.status is None
    # An invalid line may be seen as one before the time is over.
    assert reply.problem in {"did not answer within 1 s", "its answer is not a complete HTTP response"}


@pytest.mark.parametrize("status", [200, 500])
async def test_a_body_that_trickles_ends_in_time_and_the_status_counts(messenger: Messenger, status: int) -> None:
    head = f"HTTP/1.1 {status} OK\r\nContent-Length: 4000\r\n\r\n".encode()
    async with answering(lambda writer: trickling(writer, head)) as server:
        told = at(server, timeout_seconds=1, at_once=1)
        reply = await sent(messenger, told)
        assert reply.status == status
        # Its one connection is free again.
        assert (await sent(messenger, told)).status == status
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


async def test_a_connection_that_is_reset(messenger: Messenger) -> None:
    async with answering(reset) as server:
        reply = await messenger.send(at(server), MESSAGE)
    assert reply.status is None
    assert reply.problem == "the connection was closed before it answered (Connection reset by peer)"


async def test_nobody_listens(messenger: Messenger) -> None:
    async with answering() as server:
        pass
    reply = await messenger.send(at(server), MESSAGE)
    assert reply == Reply(problem="cannot connect (Connection refused)")


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
    assert reply.problem.startswith(("its answer is not a complete HTTP response", "the connection was closed"))
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
        reply = await sent(messenger, endpoint(timeout_seconds=1))
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
