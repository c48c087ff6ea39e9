"""A publisher, the gateway that it asks, and a visitor of its pages."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from examples.publisher.server import PublisherServer
from tests.support.browser import visiting
from tests.support.publisher.fake_gateway import FakeGateway
from tests.support.publisher.messages import MAX_QUANTITY, SECRET


@pytest_asyncio.fixture
async def gateway() -> AsyncIterator[FakeGateway]:
    """A gateway for this test alone."""
    async with FakeGateway(SECRET) as gateway:
        yield gateway


@pytest.fixture
def gateway_address(gateway: FakeGateway) -> str:
    """The gateway that the publisher asks; a test file with another gateway overrides this."""
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


@pytest_asyncio.fixture
async def page(browser: Browser, publisher: PublisherServer) -> AsyncIterator[Page]:
    """A visitor's tab at the publisher."""
    async with visiting(browser, publisher.address) as page:
        yield page
