"""Search attributes and retention, on a real server."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from hosting.temporal.errors import NamespaceNotReady, SearchAttributeMismatch
from hosting.temporal.namespace import raise_retention
from hosting.temporal.search_attributes import register_search_attributes


@pytest_asyncio.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServer]:
    """A server that no other test has prepared."""
    async with EmbeddedServer(tmp_path_factory.mktemp("unprepared")) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def client(server: EmbeddedServer) -> Client:
    return await connect_to(server.address)


CUSTOMER = SearchAttributeKey.for_keyword("CustomerId")
RENEWS = SearchAttributeKey.for_bool("AutoRenew")
ENDS = SearchAttributeKey.for_datetime("EndsAt")
KEYS: list[SearchAttributeKey[Any]] = [CUSTOMER, RENEWS, ENDS]


async def test_registered_twice_and_used_at_once(client: Client) -> None:
    assert sorted(await register_search_attributes(client, KEYS)) == ["AutoRenew", "CustomerId", "EndsAt"]
    attributes = TypedSearchAttributes(
        [
            SearchAttributePair(CUSTOMER, "fabrikam"),
            SearchAttributePair(RENEWS, True),
            SearchAttributePair(ENDS, datetime(2026, 1, 31, tzinfo=UTC)),
        ]
    )
    await client.start_workflow("Any", id="w", task_queue="none", search_attributes=attributes)
    while (await client.count_workflows("CustomerId = 'fabrikam' AND AutoRenew = true")).count == 0:
        await asyncio.sleep(0.02)
    assert await register_search_attributes(client, KEYS) == []


async def test_two_workers_at_once(client: Client) -> None:
    keys = [SearchAttributeKey.for_keyword("Publisher")]
    added = await asyncio.gather(*(register_search_attributes(client, keys) for _ in range(4)))
    assert ["Publisher"] in added


async def test_another_type_is_refused_and_nothing_added(client: Client) -> None:
    await register_search_attributes(client, [SearchAttributeKey.for_text("Attention")])
    wanted: list[SearchAttributeKey[Any]] = [
        SearchAttributeKey.for_keyword("Attention"),
        SearchAttributeKey.for_keyword("NotYet"),
    ]
    with pytest.raises(
        SearchAttributeMismatch,
        match="Attention has type Text in namespace 'default', Perennial needs Keyword: ",
    ):
        await register_search_attributes(client, wanted)
    assert await register_search_attributes(client, wanted[1:]) == ["NotYet"]


async def test_more_than_the_server_has_room_for(client: Client) -> None:
    keys = [SearchAttributeKey.for_datetime(f"Instant{number}") for number in range(9)]
    with pytest.raises(NamespaceNotReady, match=r"does not accept the search attributes Instant0 \(Datetime\)"):
        await register_search_attributes(client, keys)


async def test_no_such_namespace(server: EmbeddedServer) -> None:
    lost = await connect_to(server.address, namespace="nowhere")
    with pytest.raises(NamespaceNotReady, match="'nowhere' does not exist on this server: create it with"):
        await register_search_attributes(lost, KEYS)
    with pytest.raises(NamespaceNotReady, match="'nowhere' does not exist"):
        await raise_retention(lost, timedelta(days=30))


async def test_retention_is_raised_once_and_never_lowered(client: Client) -> None:
    assert await raise_retention(client, timedelta(days=30))
    assert not await raise_retention(client, timedelta(days=30))
    assert not await raise_retention(client, timedelta(days=7))
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="default"))
    assert described.config.workflow_execution_retention_ttl.ToTimedelta() == timedelta(days=30)
