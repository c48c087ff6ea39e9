"""A Temporal server as others run it: a new one, with none of our settings."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from hosting.embedded.command import executable
from hosting.embedded.ports import free_ports
from hosting.temporal.connection import connect_to
from hosting.temporal.errors import ServerUnreachable
from hosting.temporal.namespace import described


@asynccontextmanager
async def plain_server(*options: str) -> AsyncIterator[str]:
    """Its address; it has one namespace, `default`, and keeps everything in memory unless the options name a file."""
    (port,) = free_ports(1)
    command = [
        str(executable()),
        "server",
        "start-dev",
        "--headless",
        "--port",
        str(port),
        "--log-level",
        "error",
        *options,
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            address = f"127.0.0.1:{port}"
            await _serving(address, process)
            yield address
        finally:
            process.kill()


async def _serving(address: str, process: "subprocess.Popen[bytes]") -> None:
    async with asyncio.timeout(60):
        while True:
            assert process.poll() is None, "the server has ended"
            try:
                client = await connect_to(address, timeout=timedelta(seconds=1))
                await client.count_workflows()
                assert await described(client)
            except (ServerUnreachable, RPCError):
                await asyncio.sleep(0.1)
            else:
                return


class Refusing:
    """In place of a service of a client: a server that answers every request to it with this status."""

    def __init__(self, error: RPCError) -> None:
        self._error = error

    def __getattr__(self, _: str) -> object:
        async def refuse(*_: object, **__: object) -> None:
            raise self._error

        return refuse


async def refused_by(address: str, error: RPCError, *services: str, namespace: str = "default") -> Client:
    """A client whose requests to these services are refused, or single ones such as `workflow.update_namespace`."""
    client = await connect_to(address, namespace=namespace)
    for place in services:
        service, _, request = place.partition(".")
        if request:
            setattr(getattr(client.service_client, f"{service}_service"), request, getattr(Refusing(error), request))
        else:
            setattr(client.service_client, f"{service}_service", Refusing(error))
    return client
