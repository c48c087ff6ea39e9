"""A publisher, the gateway that it asks, and a browser that looks at it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from examples.publisher.server import PublisherServer
from tests.examples.chromium import NoBrowser, running_browser
from tests.examples.fake_gateway import FakeGateway
from tests.examples.messages import SECRET

MAX_QUANTITY = 100


@pytest_asyncio.fixture
async def gateway() -> AsyncIterator[FakeGateway]:
    """A gateway for this test alone."""
    async with FakeGateway(SECRET) as gateway:
        yield gateway


@pytest.fixture
def gateway_address(gateway: FakeGateway) -> str:
    """Where the publisher asks: whoever brings another gateway overrides this."""
    return gateway.address


@pytest_asyncio.fixture
async def publisher(gateway_address: str, tmp_path: Path) -> AsyncIterator[PublisherServer]:
    """A publisher for this test alone."""
    async with PublisherServer(tmp_path, [SECRET], gateway_address, max_quantity=MAX_QUANTITY) as server:
        yield server


@pytest_asyncio.fixture
async def client(publisher: PublisherServer) -> AsyncIterator[httpx2.AsyncClient]:
    """Another program that speaks to the publisher."""
    async with httpx2.AsyncClient(base_url=publisher.address, trust_env=False, timeout=10) as client:
        yield client


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests of this process; they are skipped where there is none."""
    try:
        async with running_browser() as browser:
            # Other tests may keep the machine busy.
            expect.set_options(timeout=30_000)
            yield browser
    except NoBrowser as none:
        pytest.skip(str(none))


@pytest_asyncio.fixture
async def page(browser: Browser, publisher: PublisherServer) -> AsyncIterator[Page]:
    """An empty tab, as a visitor for the first time has it; paths are the publisher's, and scripts are off."""
    context = await browser.new_context(base_url=publisher.address, java_script_enabled=False)
    context.set_default_timeout(30_000)
    elsewhere: list[str] = []
    context.on("request", lambda request: elsewhere.append(request.url))
    yield await context.new_page()
    await context.close()
    assert [url for url in elsewhere if not url.startswith(publisher.address)] == []
