"""A namespace: whether it is there, and how long it keeps ended workflows."""

import asyncio
import time
from datetime import timedelta

from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeNamespaceResponse,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.environment import Environment
from hosting.temporal import by_hand
from hosting.temporal.errors import NamespaceNotReady, one_line
from workflows.calls.test_clocks import MARK, MARKED


async def described(client: Client) -> DescribeNamespaceResponse | None:
    """What the server says of the client's namespace; None if it does not exist. Raises NamespaceNotReady."""
    try:
        return await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return None
        raise not_ready(client, "cannot be looked at", error) from None


async def environment_of(client: Client) -> Environment:
    """The client's namespace, as the books know it. Raises NamespaceNotReady."""
    found = await described(client)
    if found is None:
        raise missing(client)
    address = client.service_client.config.target_host
    return Environment(found.namespace_info.id, client.namespace, address)


async def create_namespace(client: Client, retention: timedelta, timeout: timedelta = timedelta(seconds=30)) -> bool:
    """Create the client's namespace, and return once the server knows it everywhere; False if it is there already.

    Raises NamespaceNotReady.
    """
    request = RegisterNamespaceRequest(namespace=client.namespace)
    request.workflow_execution_retention_period.FromTimedelta(retention)
    try:
        await client.workflow_service.register_namespace(request)
    except RPCError as error:
        if error.status == RPCStatusCode.ALREADY_EXISTS:
            return False
        raise not_ready(client, "cannot be created", error, by_hand.create_namespace(client, retention)) from None
    deadline = time.monotonic() + timeout.total_seconds()
    while True:
        try:
            # Each part of the server learns of a new namespace in its own time; the lists are the last.
            await client.count_workflows()
        except RPCError as error:
            if time.monotonic() > deadline:
                raise not_ready(client, "was created and is not served yet", error) from None
            await asyncio.sleep(0.1)
        else:
            return True


async def raise_retention(client: Client, retention: timedelta) -> bool:
    """Keep ended workflows at least this long; a longer retention stays. True if it was raised.

    Raises NamespaceNotReady.
    """
    if await kept(client) >= retention:
        return False
    request = UpdateNamespaceRequest(namespace=client.namespace)
    request.config.workflow_execution_retention_ttl.FromTimedelta(retention)
    try:
        await client.workflow_service.update_namespace(request)
    except RPCError as error:
        what = f"cannot be set to keep ended workflows for {retention.days} days"
        raise not_ready(client, what, error, by_hand.keep_longer(client, retention)) from None
    return True


async def mark_for_tests(client: Client) -> None:
    """Let the client's namespace take test clocks. Raises NamespaceNotReady."""
    request = UpdateNamespaceRequest(namespace=client.namespace)
    request.update_info.data[MARK] = MARKED
    try:
        await client.workflow_service.update_namespace(request)
    except RPCError as error:
        raise not_ready(client, "cannot be marked for tests", error, by_hand.mark_for_tests(client)) from None


async def kept(client: Client) -> timedelta:
    """How long the namespace keeps ended workflows. Raises NamespaceNotReady, also where it does not exist."""
    found = await described(client)
    if found is None:
        raise missing(client)
    return found.config.workflow_execution_retention_ttl.ToTimedelta()


def missing(client: Client) -> NamespaceNotReady:
    """The namespace does not exist."""
    return NamespaceNotReady(
        f"Namespace {client.namespace!r} does not exist on this server: create it with "
        f"`temporal operator namespace create --namespace {client.namespace}`, or set TEMPORAL_NAMESPACE."
    )


def not_ready(client: Client, what: str, error: RPCError, command: str | None = None) -> NamespaceNotReady:
    """The server refused: what it was asked, its words, and the command by which one of its operators does the same."""
    if error.status == RPCStatusCode.NOT_FOUND:
        return missing(client)
    whom = f"Ask an operator of the server: {command}" if command else "Ask an operator of the server"
    said = f"Namespace {client.namespace!r} {what}: {one_line(error.message)}. {whom}"
    return NamespaceNotReady(said if command else f"{said}, or use another namespace (TEMPORAL_NAMESPACE).")
