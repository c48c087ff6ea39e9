"""Time and number are bounded: drips, silence and crowds."""

import asyncio
import json
import socket
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from temporalio.client import Client

from activities.adapters.http_server import MAX_CONNECTIONS, HttpServer
from activities.adapters.sql.database import Database
from tests.support.publisher.gateway_site import Site, head, refused
from tests.support.publisher.signing import STRANGER, new_id


async def test_a_body_that_drips(books: tuple[Path, Database], client: Client) -> None:
    """It is given up; so is one that ends too early."""
    site = Site(*books, client, body_within=timedelta(milliseconds=100))
    async with site.server:
        answer = await site.raw(head("Content-Length: 50", body=b"{"))
        assert answer.startswith(b"HTTP/1.1 408")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["type"] == "TooSlow"
        host, port = site.server.address.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(head("Content-Length: 50", body=b"{"))
        writer.close()
        assert refused(await site.post(b"", {})) == (401, "Unsigned")


async def test_a_connection_that_says_nothing(
    books: tuple[Path, Database], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.adapters.http_server.HEADERS_WITHIN", timedelta(milliseconds=100))
    site = Site(*books, client)
    async with site.server:
        for begun in (b"", b"POST /publisher/v1 HTTP/1.1\r\nHost: x\r\n"):
            assert await site.raw(begun) == b""


async def test_more_at_once_than_are_answered(books: tuple[Path, Database], client: Client) -> None:
    """Whoever is one too many is told so, and has not used its id up; strangers take nobody's turn."""
    path, _ = books
    async with Database(f"sqlite:///{path}", busy_timeout=timedelta(seconds=4)) as patient:
        site = Site(path, patient, client, at_once=1)
        asked, ids = {"do": "resolve", "token": await site.token()}, [new_id() for _ in range(5)]
        async with site.server:
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                tries = {asyncio.create_task(site.ask(asked, request_id=each), name=each) for each in ids}
                turned_away: set[asyncio.Task[httpx2.Response]] = set()
                while len(turned_away) < 4:
                    done, tries = await asyncio.wait(tries, return_when=asyncio.FIRST_COMPLETED)
                    turned_away |= done
                assert refused(await site.ask(asked, by=STRANGER)) == (401, "BadSignature")
                other.execute("ROLLBACK")
            (taken,) = tries
            assert (await taken).status_code == 200
            for each in turned_away:
                assert refused(await each) == (503, "Unavailable")
                assert "Too many" in (await each).text
                assert (await site.ask(asked, request_id=each.get_name())).status_code == 200


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"POST /publisher/v1 HTTP/1.1\r\nHost: x\r\n",
        head("Content-Length: 50"),
        head("Content-Length: 50", body=b"{"),
        head("Transfer-Encoding: chunked", body=b"5\r\n{"),
    ],
    ids=["nothing", "half a header", "no body", "half a body", "half a chunk"],
)
async def test_connections_that_keep_it_waiting(books: tuple[Path, Database], client: Client, begun: bytes) -> None:
    """However many they are, a good request is answered at once, and no more connections stay than are allowed."""
    site = Site(*books, client)
    async with site.server:
        host, port = site.server.address.removeprefix("http://").split(":")
        opened = []
        for _ in range(2):
            for _ in range(MAX_CONNECTIONS + 44):
                reader, writer = await asyncio.open_connection(host, int(port))
                writer.write(begun)
                opened.append((reader, writer))
            started = time.monotonic()
            assert refused(await site.post(b"", {})) == (401, "Unsigned")
            assert time.monotonic() - started < 5
        await asyncio.sleep(0.1)
        assert sum(not reader.at_eof() for reader, _ in opened) <= MAX_CONNECTIONS
        for _, writer in opened:
            writer.close()


async def test_only_what_is_being_answered_takes_a_place(
    books: tuple[Path, Database], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If all places are taken by requests that are being answered, one more is told to come again."""
    monkeypatch.setattr("activities.adapters.http_server.MAX_CONNECTIONS", 2)
    path, _ = books
    async with Database(f"sqlite:///{path}", busy_timeout=timedelta(seconds=4)) as patient:
        site = Site(path, patient, client)
        asked = {"do": "resolve", "token": await site.token()}
        async with site.server:
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                taken = [asyncio.create_task(site.ask(asked)) for _ in range(2)]
                while len(site.server._server.server_state.tasks) < 2:
                    await asyncio.sleep(0.01)
                assert (await site.post(b"", {})).status_code == 503
                other.execute("ROLLBACK")
            assert [(await each).status_code for each in taken] == [200, 200]
            assert refused(await site.post(b"", {})) == (401, "Unsigned")


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost:", b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n{"])
async def test_any_server_drops_what_keeps_it_waiting(monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    """Also after a first request on the same connection; the tenants' page is served so too."""

    async def patient(request: Request) -> Response:
        return Response(await request.body() or b"there")

    monkeypatch.setattr("activities.adapters.http_server.HEADERS_WITHIN", timedelta(milliseconds=100))
    monkeypatch.setattr("activities.adapters.http_server.REQUEST_WITHIN", timedelta(milliseconds=200))
    app = Starlette(routes=[Route("/", patient, methods=["GET", "POST"])])
    async with HttpServer(app) as server:
        host, port = server.address.removeprefix("http://").split(":")
        for first in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(first + begun.replace(b"POST / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: x\r\n"))
            try:
                answer = await asyncio.wait_for(reader.read(), 5)
            except ConnectionResetError:
                answer = b""
            assert answer.endswith(b"there") is bool(first) or not answer
            writer.close()


async def test_an_answer_that_takes_too_long(books: tuple[Path, Database], client: Client) -> None:
    site = Site(*books, client, answer_within=timedelta(milliseconds=1))
    async with site.server:
        response = await site.ask({"do": "details", "subscription_id": "o-1-1"})
    assert refused(response) == (503, "Unavailable")


async def test_an_address_of_the_other_kind() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with HttpServer(Starlette(), "::1") as server, httpx2.AsyncClient(trust_env=False, verify=False) as browser:
        assert server.address.startswith("http://[::1]:")
        assert (await browser.get(server.address)).status_code == 404
