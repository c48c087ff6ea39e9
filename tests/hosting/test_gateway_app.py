"""The gateway over HTTP: real sockets and a real database, and no worker behind the Temporal server."""

import asyncio
import json
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from temporalio.client import Client

from activities.adapters.http_server import HttpServer
from activities.adapters.sql.database import Database
from activities.adapters.sql.orders import SqlOrders
from activities.adapters.sql.publisher_requests import SqlPublisherRequests
from activities.adapters.sql.reader import SqlReader
from activities.adapters.sql.schema import upgrade
from activities.adapters.sql.setup_links import SqlSetupLinks
from activities.adapters.sql.vendors import SqlVendors
from hosting.gateway.answering import Answering, Sources
from hosting.gateway.app import LARGEST_BODY, PATH, Gateway
from hosting.gateway.authentication import KEPT, TOLERANCE, Authentication
from hosting.gateway.server import gateway_server
from tests.activities.shop import SETUP, customer, listed, partner, placed, request, stock
from tests.hosting.signing import CONTOSO, PUBLISHERS, STRANGER, WINGTIP, encoded, new_id, signed
from workflows.client import Subscriptions

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


class Wall:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Site:
    """A gateway, and whoever posts to it. Subscription `o-1-1` is Contoso's, `o-1-2` Wingtip's, `o-1-3` nobody's."""

    def __init__(self, path: Path, database: Database, client: Client, **bounds: Any) -> None:
        self.path, self.clock = path, Wall()
        self.links = SqlSetupLinks(database)
        sources = Sources(
            subscriptions=Subscriptions(client, "nobody-works-here"),
            reader=SqlReader(database),
            setup_links=self.links,
            vendors=SqlVendors(database),
            requests=SqlPublisherRequests(database, KEPT),
        )
        gateway = Gateway(Authentication(PUBLISHERS), Answering(sources), self.clock, **bounds)
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


Opener = Callable[..., Site]


@pytest_asyncio.fixture(scope="module")
async def books(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Path, Database]]:
    path = tmp_path_factory.mktemp("gateway") / "perennial.db"
    url = f"sqlite:///{path}"
    await upgrade(url)
    async with Database(url) as database:
        offers = [
            listed(**SETUP),
            listed(id="wingtip-mail", vendor="wingtip", **SETUP),
            listed(id="orphan", vendor=None, **SETUP),
        ]
        await stock(database, partner(), customer(), *offers)
        lines: list[dict[str, Any]] = [
            {"quantity": 3, "add_ons": {"backup": 1}},
            {"offer": "wingtip-mail"},
            {"offer": "orphan"},
        ]
        await placed(SqlOrders(database), request(*lines), NOW)
        yield path, database


@pytest_asyncio.fixture(scope="module")
async def shared(books: tuple[Path, Database], client: Client) -> AsyncIterator[Site]:
    site = Site(*books, client)
    async with site.server:
        yield site


@pytest.fixture
def site(shared: Site) -> Site:
    """At noon."""
    shared.clock.now = NOW
    return shared


def refused(response: httpx2.Response) -> tuple[int, str]:
    """The status and the error's type; its message is one line."""
    error = response.json()["error"]
    assert set(error) == {"type", "message"}
    assert 0 < len(error["message"]) < 1024
    assert "\n" not in error["message"]
    return response.status_code, error["type"]


async def test_a_token_is_resolved_for_its_publisher(site: Site) -> None:
    """ISV-3."""
    response = await site.ask({"do": "resolve", "token": await site.token()})
    assert response.status_code == 200
    assert response.json() == {
        "subscription_id": "o-1-1",
        "customer": "fabrikam",
        "offer": "contoso-crm",
        "quantity": 3,
        "add_ons": {"backup": 1},
        "state": "pending",
        "ordered_at": "2027-03-01T12:00:00Z",
        "expires_at": "2027-03-02T12:00:00Z",
    }


async def test_every_answer_is_kept_from_caches_and_frames(site: Site) -> None:
    for response in (await site.ask({"do": "resolve", "token": await site.token()}), await site.post(b"", {})):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["content-type"] == "application/json"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert "server" not in response.headers


async def test_a_token_that_is_not_valid(site: Site) -> None:
    """ISV-3: unknown, altered, or a day old: all the same, and never said back."""
    token = await site.token()
    site.clock.now = NOW + timedelta(days=1)
    said = set()
    for tried in (token, token[:-1], token.upper(), "\ud83d\ude00", "x" * 1000):
        response = await site.ask({"do": "resolve", "token": tried}, at=site.clock.now)
        assert refused(response) == (403, "TokenRefused")
        assert tried not in response.text
        said.add(response.text)
    assert len(said) == 1


async def test_anothers_purchase(site: Site) -> None:
    """A publisher may ask for its own offers only (ROL-4); an id tells nothing."""
    theirs, mine = await site.token("o-1-2"), await site.token()
    assert refused(await site.ask({"do": "resolve", "token": theirs})) == (403, "NotYours")
    said = set()
    for subscription_id in ("o-1-2", "o-1-3", "nobody"):
        for asked in (
            {"do": "details", "subscription_id": subscription_id},
            {"do": "activate", "subscription_id": subscription_id, "token": theirs},
            {"do": "activate", "subscription_id": subscription_id, "token": mine},
        ):
            response = await site.ask(asked)
            assert refused(response) == (403, "NotYours")
            said.add(response.text)
    assert len(said) == 1


async def test_anothers_token_activates_nothing(site: Site) -> None:
    """ISV-3: the token must be this subscription's."""
    for token in (await site.token("o-1-2"), "guessed"):
        response = await site.ask({"do": "activate", "subscription_id": "o-1-1", "token": token})
        assert refused(response) == (403, "TokenRefused")
        assert token not in response.text


async def test_a_subscription_that_is_about_to_begin(site: Site) -> None:
    token = await site.token()
    for asked in (
        {"do": "activate", "subscription_id": "o-1-1", "token": token},
        {"do": "details", "subscription_id": "o-1-1"},
    ):
        response = await site.ask(asked)
        assert refused(response) == (503, "Unavailable")
        assert "about to begin" in response.json()["error"]["message"]
        assert int(response.headers["retry-after"]) >= 1


async def test_a_request_is_taken_once_whatever_its_body(site: Site) -> None:
    request_id, token = new_id(), await site.token()
    asked = {"do": "resolve", "token": token}
    assert (await site.ask(asked, request_id=request_id)).status_code == 200
    for again in (asked, {"do": "details", "subscription_id": "o-1-1"}, {"nonsense": 1}):
        assert refused(await site.ask(again, request_id=request_id)) == (409, "Replayed")
    # The ids are each publisher's own.
    wingtips = {"do": "resolve", "token": await site.token("o-1-2")}
    answer = await site.ask(wingtips, request_id=request_id, by=WINGTIP, publisher="wingtip")
    assert answer.json()["subscription_id"] == "o-1-2"


async def test_of_two_at_once_one_is_taken(site: Site) -> None:
    body = encoded({"do": "resolve", "token": await site.token()})
    headers = signed(body, at=NOW)
    responses = await asyncio.gather(*(site.post(body, headers) for _ in range(8)))
    assert sorted(response.status_code for response in responses) == [200, *[409] * 7]


async def test_a_replay_is_refused_as_long_as_it_is_fresh(site: Site) -> None:
    """Signed by a clock that is ahead, it arrives as early as it can, and again as late as it can."""
    body = encoded({"do": "resolve", "token": await site.token()})
    headers = signed(body, at=NOW + TOLERANCE)
    assert (await site.post(body, headers)).status_code == 200
    for later in (timedelta(minutes=1), 2 * TOLERANCE):
        site.clock.now = NOW + later
        assert refused(await site.post(body, headers)) == (409, "Replayed")
        # Others come meanwhile, by a clock that is a little ahead, and sweep.
        site.clock.now += timedelta(seconds=50)
        assert (await site.ask({"do": "resolve", "token": await site.token()}, at=site.clock.now)).status_code == 200
    site.clock.now = NOW + 2 * TOLERANCE
    assert refused(await site.post(body, headers)) == (409, "Replayed")
    site.clock.now += timedelta(seconds=1)
    assert refused(await site.post(body, headers)) == (401, "Stale")


async def test_what_is_not_believed_uses_up_no_id(site: Site) -> None:
    request_id, body = new_id(), encoded({"do": "resolve", "token": await site.token()})
    good = signed(body, request_id=request_id, at=NOW)
    for headers, sent in (
        ({**good, "webhook-signature": "v1,AAAA"}, body),
        (signed(body, request_id=request_id, at=NOW, by=STRANGER), body),
        (signed(body, request_id=request_id, at=NOW, publisher="nobody"), body),
        (good, body.replace(b"resolve", b"details")),
        ({"perennial-publisher": "contoso"}, body),
    ):
        response = await site.post(sent, headers)
        assert response.status_code == 401
    late = signed(body, request_id=request_id, at=NOW - timedelta(hours=1))
    assert refused(await site.post(body, late)) == (401, "Stale")
    assert (await site.post(body, good)).status_code == 200


async def test_what_is_malformed_has_used_its_id_up(site: Site) -> None:
    request_id = new_id()
    assert refused(await site.ask({"do": "cancel"}, request_id=request_id)) == (400, "Malformed")
    again = await site.ask({"do": "resolve", "token": await site.token()}, request_id=request_id)
    assert refused(again) == (409, "Replayed")


async def test_a_locked_database_can_be_asked_again(site: Site, client: Client) -> None:
    asked, request_id = {"do": "resolve", "token": await site.token()}, new_id()
    async with Database(f"sqlite:///{site.path}", busy_timeout=timedelta(milliseconds=50)) as impatient:
        hurried = Site(site.path, impatient, client)
        async with hurried.server:
            with closing(sqlite3.connect(site.path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                response = await hurried.ask(asked, request_id=request_id)
                other.execute("ROLLBACK")
    assert refused(response) == (503, "Unavailable")
    assert response.headers["retry-after"]
    # What is ours stays with us.
    assert str(site.path) not in response.text
    assert "database" not in response.text
    assert (await site.ask(asked, request_id=request_id)).status_code == 200


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


def head(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join([f"POST {PATH} HTTP/1.1", "Host: x", *lines, "", ""]).encode("latin-1") + body


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
