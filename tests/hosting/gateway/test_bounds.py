"""Time and number are bounded: drips, silence and crowds."""

import asyncio
import json
import socket
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from temporalio.client import Client

from activities.adapters.http_server import HttpServer
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
    monkeypatch.setattr("hosting.gateway.server.HEADERS_WITHIN", timedelta(milliseconds=100))
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


async def test_more_connections_than_are_kept(
    books: tuple[Path, Database], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hosting.gateway.server.MAX_CONNECTIONS", 3)
    site = Site(*books, client)
    async with site.server:
        host, port = site.server.address.removeprefix("http://").split(":")
        writers = [(await asyncio.open_connection(host, int(port)))[1] for _ in range(3)]
        assert (await site.post(b"", {})).status_code == 503
        for writer in writers:
            writer.close()
            await writer.wait_closed()
        while (again := await site.post(b"", {})).status_code == 503:
            await asyncio.sleep(0.01)
        assert refused(again) == (401, "Unsigned")


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
