"""The Nexus endpoint of the embedded server, on a real one."""

import asyncio

import pytest
from temporalio.api.operatorservice.v1 import ListNexusEndpointsRequest
from temporalio.client import Client

from hosting.embedded.server import EmbeddedServer
from hosting.nexus.endpoint import prepare_endpoint
from hosting.temporal.connection import connect_to
from hosting.temporal.errors import NamespaceNotReady


async def leads_to(client: Client, name: str) -> str:
    """The task queue of the one endpoint of that name."""
    (found,) = (await client.operator_service.list_nexus_endpoints(ListNexusEndpointsRequest(name=name))).endpoints
    return found.spec.target.worker.task_queue


async def test_made_once_and_led_elsewhere_where_the_task_queue_is_another(client: Client) -> None:
    assert await prepare_endpoint(client, "one", "perennial")
    assert not await prepare_endpoint(client, "one", "perennial")
    assert await prepare_endpoint(client, "one", "another")
    assert await leads_to(client, "one") == "another"


async def test_four_workers_at_once(client: Client) -> None:
    made = await asyncio.gather(*(prepare_endpoint(client, "many", "perennial") for _ in range(4)))
    assert made.count(True) == 1
    assert await leads_to(client, "many") == "perennial"


async def test_what_cannot_be_made_says_how_an_operator_does_it(server: EmbeddedServer, client: Client) -> None:
    lost = await connect_to(server.address, namespace="nowhere")
    with pytest.raises(NamespaceNotReady, match="endpoint create --name lost --target-namespace nowhere"):
        await prepare_endpoint(lost, "lost", "perennial")
