"""What comes over the wire beside well-formed requests: sizes, framing, paths, faults."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from temporalio.client import Client

from activities.adapters.sql.database import Database
from hosting.gateway.app import LARGEST_BODY, PATH
from tests.support.publisher.gateway_site import NOW, Site, head, refused
from tests.support.publisher.signing import CONTOSO, STRANGER, encoded, signed


@pytest.mark.parametrize("size", [LARGEST_BODY, LARGEST_BODY + 1, 70_000, 1_000_000])
async def test_a_body_of_any_size(site: Site, size: int) -> None:
    """By its length as it is said; the sender gets to read why."""
    asked = {"do": "resolve", "token": await site.token()}
    body = encoded(asked).ljust(size)
    response = await site.post(body, signed(body, at=NOW))
    if size == LARGEST_BODY:
        assert response.status_code == 200
    else:
        assert refused(response) == (413, "TooLarge")


async def test_a_body_without_a_length(site: Site) -> None:
    """In chunks, which say nothing of their sum."""
    body = encoded({"do": "resolve", "token": await site.token()})

    async def chunks(count: int) -> AsyncIterator[bytes]:
        yield body
        for _ in range(count):
            yield b" " * 1_000

    for count, expected in ((10, 200), (20, 413), (900, 413)):
        headers = signed(body + b" " * 1_000 * count, at=NOW)
        async with httpx2.AsyncClient(base_url=site.server.address, trust_env=False, verify=False) as browser:
            response = await browser.post(PATH, content=chunks(count), headers=headers)
        assert response.status_code == expected


async def pushed_into(writer: asyncio.StreamWriter) -> None:
    """Fifty chunks of a mebibyte."""
    for _ in range(50):
        writer.write(b"100000\r\n" + b" " * 0x100000 + b"\r\n")
        await writer.drain()


@pytest.mark.parametrize("framing", ["Content-Length: 50000000", "Transfer-Encoding: chunked"])
async def test_a_body_without_an_end(site: Site, framing: str) -> None:
    """The connection is cut, whether its sender has read the answer by then or not."""
    host, port = site.server.address.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(head(framing))
    with pytest.raises(ConnectionError):
        await pushed_into(writer)
    writer.close()
    assert refused(await site.post(b"", {})) == (401, "Unsigned")


@pytest.mark.parametrize(
    "request_bytes",
    [
        head("Content-Length: -1"),
        head("Content-Length: many"),
        head("Content-Length: 1", "Content-Length: 2", body=b"xx"),
        head("Transfer-Encoding: chunked", body=b"ZZZ\r\n"),
        head("Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
        head("webhook-id: a\rperennial-publisher: contoso"),
        head("webhook-id: a\x00b"),
        head("webhook id: a"),
        head(*[f"x-{number}: {'y' * 1_000}" for number in range(100)]),
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_http(site: Site, request_bytes: bytes) -> None:
    answer = await site.raw(request_bytes)
    assert answer.startswith(b"HTTP/1.1 4")
    assert len(answer) < 1024


async def test_a_header_cannot_bring_another(site: Site) -> None:
    """A line break ends the header, so a second one of the name is what comes: none of the two is believed."""
    body = encoded({"do": "resolve", "token": await site.token()})
    good = signed(body, at=NOW)
    lines = [f"{name}: {value}" for name, value in good.items()]
    for injected in ("\r\nperennial-publisher: wingtip", "\nperennial-publisher: wingtip", "\r\n wingtip"):
        tampered = [line + injected if line.startswith("perennial") else line for line in lines]
        answer = await site.raw(head(*tampered, f"Content-Length: {len(body)}", body=body))
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 401")), answer
    assert b"HTTP/1.1 200" in await site.raw(head(*lines, f"Content-Length: {len(body)}", body=body))


async def test_a_second_request_of_a_connection_is_not_read(site: Site) -> None:
    body = encoded({"do": "resolve", "token": await site.token()})
    lines = [*(f"{name}: {value}" for name, value in signed(body, at=NOW).items()), f"Content-Length: {len(body)}"]
    answer = await site.raw(head(*lines, body=body) * 2)
    assert answer.count(b"HTTP/1.1") == 1
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        *((method, PATH, (405, "WrongMethod")) for method in ("GET", "PUT", "DELETE", "OPTIONS", "PATCH")),
        *(("POST", path, (404, "NotFound")) for path in ("/", f"{PATH}/", "/publisher/v2", f"{PATH}/../v1x")),
        ("GET", "/docs", (404, "NotFound")),
    ],
)
async def test_the_one_way_in(site: Site, method: str, path: str, expected: tuple[int, str]) -> None:
    async with httpx2.AsyncClient(base_url=site.server.address, trust_env=False, verify=False) as browser:
        response = await browser.request(method, path)
    assert refused(response) == expected
    if expected[0] == 405:
        assert response.headers["allow"] == "POST"


async def test_a_fault_of_our_own(
    books: tuple[Path, Database], client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """The publisher learns nothing of it, and the log, for whoever mends it, nothing of the request."""
    path, database = books
    token = await Site(path, database, client).token()
    async with Database(f"sqlite:///{path}") as closed:
        pass
    site = Site(path, closed, client)
    async with site.server:
        response = await site.ask({"do": "resolve", "token": token})
    assert refused(response) == (500, "Failed")
    assert response.headers["cache-control"] == "no-store"
    assert "Exception in ASGI application" in caplog.text
    assert token not in caplog.text
    assert CONTOSO.removeprefix("whsec_") not in caplog.text


async def test_strangers_write_nothing_into_the_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    await site.raw(b"nonsense\r\n\r\n")
    await site.raw(head("Connection: upgrade", "Upgrade: websocket", "Content-Length: 0"))
    await site.ask({"do": "details", "subscription_id": "o-1-1"}, by=STRANGER)
    assert [record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")] == []
