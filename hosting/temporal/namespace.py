"""A namespace made ready: search attributes that exist with our types, history kept long enough."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from hosting.temporal.errors import NamespaceNotReady, SearchAttributeMismatch

Key = SearchAttributeKey[Any]


async def register_search_attributes(
    client: Client, keys: Sequence[Key], *, timeout: timedelta = timedelta(seconds=15)
) -> list[str]:
    """Add those that are missing and wait until they can be used. Returns the names added."""
    existing = await _existing(client)
    _refuse_other_types(client, keys, existing)
    missing = [key for key in keys if key.name not in existing]
    if missing:
        await _add(client, missing)
        # The server adds nothing to, and says nothing of, an attribute that another process added
        # with another type since we looked.
        _refuse_other_types(client, keys, await _existing(client))
    await _until_usable(client, keys, timeout)
    return [key.name for key in missing]


async def raise_retention(client: Client, retention: timedelta) -> bool:
    """Keep closed workflows at least this long; never less long than now. True if it was raised."""
    try:
        described = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=client.namespace)
        )
        if described.config.workflow_execution_retention_ttl.ToTimedelta() >= retention:
            return False
        request = UpdateNamespaceRequest(namespace=client.namespace)
        request.config.workflow_execution_retention_ttl.FromTimedelta(retention)
        await client.workflow_service.update_namespace(request)
    except RPCError as error:
        raise _not_ready(client, "cannot be told to keep closed workflows longer", error) from None
    return True


async def _existing(client: Client) -> Mapping[str, int]:
    try:
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except RPCError as error:
        raise _not_ready(client, "cannot list its search attributes", error) from None
    return {**listed.system_attributes, **listed.custom_attributes}


def _refuse_other_types(client: Client, keys: Sequence[Key], existing: Mapping[str, int]) -> None:
    """The server accepts another type silently; every later search would go wrong."""
    for key in keys:
        found = existing.get(key.name, key.indexed_value_type.value)
        if found != key.indexed_value_type.value:
            raise SearchAttributeMismatch(
                f"Search attribute {key.name} has type {_type_name(found)} in namespace "
                f"{client.namespace!r}, Perennial takes {_type_name(key.indexed_value_type.value)}: "
                "remove it there, or use another namespace (TEMPORAL_NAMESPACE)."
            )


async def _add(client: Client, keys: Sequence[Key]) -> None:
    request = AddSearchAttributesRequest(namespace=client.namespace)
    for key in keys:
        # The SDK's and the protocol's enumerations of these types have the same numbers.
        request.search_attributes[key.name] = IndexedValueType.ValueType(key.indexed_value_type.value)
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        if error.status != RPCStatusCode.ALREADY_EXISTS:
            wanted = ", ".join(f"{key.name} ({_type_name(key.indexed_value_type.value)})" for key in keys)
            raise _not_ready(client, f"cannot be given the search attributes {wanted}", error) from None


async def _until_usable(client: Client, keys: Sequence[Key], timeout: timedelta) -> None:
    """They exist before they can be searched: each of the server's parts learns of them in its own time."""
    query = " AND ".join(f"{key.name} IS NULL" for key in keys)
    deadline = time.monotonic() + timeout.total_seconds()
    while keys:
        try:
            await client.count_workflows(query)
        except RPCError as error:
            if time.monotonic() > deadline:
                raise _not_ready(client, "does not let its new search attributes be used", error) from None
            await asyncio.sleep(0.02)
        else:
            return


def _type_name(number: int) -> str:
    name = IndexedValueType.Name(IndexedValueType.ValueType(number))
    return "".join(word.capitalize() for word in name.removeprefix("INDEXED_VALUE_TYPE_").split("_"))


def _not_ready(client: Client, what: str, error: RPCError) -> NamespaceNotReady:
    if error.status == RPCStatusCode.NOT_FOUND:
        return NamespaceNotReady(
            f"Namespace {client.namespace!r} does not exist on this server: create it with "
            f"`temporal operator namespace create -n {client.namespace}`, or set TEMPORAL_NAMESPACE."
        )
    said = " ".join(error.message.split())[:200].rstrip(".")
    return NamespaceNotReady(
        f"Namespace {client.namespace!r} {what}: {said}. Ask an operator of the server to do it, "
        "or use another namespace (TEMPORAL_NAMESPACE)."
    )
