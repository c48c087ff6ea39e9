"""The tenant service as people's browsers and other programs meet it, and the client that meets a bad one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
import pytest_asyncio

from activities.adapters.tenants.app import TenantServer
from activities.adapters.tenants.http import HttpTenants
from activities.adapters.tenants.store import TenantStore
from activities.errors import TenantRefused, TenantsUnavailable
from activities.provisioning.contracts import ProvisionInput
from domain.subscription.effects import Access, Provision
from tests.support.instants import START

GRANT = ProvisionInput(
    subscription_id="s-1",
    customer_id="fabrikam",
    offer_id="contoso-crm",
    provision=Provision(access=Access.GRANT, at=START, seq=1, quantity=3, add_ons={}),
)
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> TenantStore:
    return TenantStore(tmp_path_factory.mktemp("tenants") / "tenants.db")


@pytest_asyncio.fixture(scope="module")
async def browser(store: TenantStore) -> AsyncIterator[httpx2.AsyncClient]:
    async with (
        TenantServer(store) as server,
        httpx2.AsyncClient(base_url=server.address, trust_env=False) as client,
    ):
        yield client


async def test_people_sign_in_on_a_page(browser: httpx2.AsyncClient, store: TenantStore) -> None:
    page = await browser.get("/?tenant=people")
    assert page.status_code == 200
    assert 'value="people"' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    form = {"tenant": " people ", "user": "user"}
    assert (await browser.post("/sign-in", data=form)).status_code == 404
    store.grant(GRANT.model_copy(update={"subscription_id": "people"}))
    page = await browser.post("/sign-in", data=form)
    assert page.status_code == 200
    assert "Welcome to people, user." in page.text


async def test_what_is_typed_is_never_a_part_of_the_page(browser: httpx2.AsyncClient) -> None:
    script = "<script>alert('s')</script>"
    for page in (
        await browser.get("/", params={"tenant": f'"{script}'}),
        await browser.post("/sign-in", data={"tenant": script, "user": f'"{script}'}),
        await browser.post("/sign-in", content=b"\xff\x00&&=%zz"),
    ):
        assert "<script" not in page.text


async def test_programs_sign_in_and_admins_read(browser: httpx2.AsyncClient, store: TenantStore) -> None:
    store.grant(GRANT)
    visit = await browser.post("/api/tenants/s-1/sign-in", json={"user": "user"})
    assert (visit.status_code, visit.json()["door"]) == (200, "open")
    read = await browser.get("/api/tenants/s-1/data", params={"user": "admin"})
    assert [document["title"] for document in read.json()["documents"]] == ["Welcome"]
    assert (await browser.get("/api/tenants/s-1/data")).status_code == 403
    store.purge(GRANT.model_copy(update={"provision": GRANT.provision.model_copy(update={"seq": 2})}))
    assert (await browser.get("/api/tenants/s-1/data", params={"user": "admin"})).status_code == 410


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/api/tenants/s-1/grant", b"{}", JSON, 422),
        ("/api/tenants/s-1/grant", b"no json", JSON, 422),
        ("/api/tenants/s-2/grant", GRANT.model_dump_json().encode(), JSON, 422),
        ("/api/tenants/s-1/grant", GRANT.model_dump_json().encode(), {"Content-Type": "text/plain"}, 415),
        ("/api/tenants/s-1/grant", b" " * 70_000, JSON, 413),
        ("/api/tenants/s-1/sign-in", b"[]", JSON, 422),
        ("/api/tenants/s-1/sign-in", b"\xff", JSON, 422),
        ("/api/tenants/s-1/explode", b"{}", JSON, 404),
    ],
)
async def test_what_the_service_does_not_take(
    browser: httpx2.AsyncClient, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = await browser.post(path, content=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert len(answer.content) < 2048


async def test_the_port_of_another_is_one_line(store: TenantStore) -> None:
    async with TenantServer(store) as first:
        port = int(first.address.rpartition(":")[2])
        with pytest.raises(TenantsUnavailable, match="PERENNIAL_TENANTS_PORT"):
            async with TenantServer(store, port):
                pass


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (b"HTTP/1.1 500 No\r\nContent-Length: 5\r\n\r\nouch!", TenantsUnavailable, "500: ouch!"),
        (b"HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n", TenantsUnavailable, "429"),
        (b"HTTP/1.1 302 No\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", TenantsUnavailable, "302"),
        (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", TenantRefused, "404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", TenantsUnavailable, "is not a tenant service"),
        (b"nonsense\r\n\r\n", TenantsUnavailable, "does not answer"),
        (b"", TenantsUnavailable, "does not answer"),
    ],
)
async def test_a_service_in_trouble(answer: bytes, error: type[Exception], says: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        async with HttpTenants(f"http://{host}:{port}") as tenants:
            with pytest.raises(error, match=says) as raised:
                await tenants.grant(GRANT)
    assert "\n" not in str(raised.value)


async def test_a_service_that_never_answers_or_is_not_there() -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    address = "http://{}:{}".format(*server.sockets[0].getsockname())
    async with server, HttpTenants(address, timeout=timedelta(milliseconds=100)) as tenants:
        with pytest.raises(TenantsUnavailable, match="does not answer"):
            await tenants.grant(GRANT)
    async with HttpTenants(address) as tenants:
        with pytest.raises(TenantsUnavailable, match="does not answer"):
            await tenants.grant(GRANT)
