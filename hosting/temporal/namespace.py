"""Prepare a namespace: register the search attributes, and keep ended workflows long enough."""

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

from hosting.temporal.errors import NamespaceNotReady, SearchAttributeMismatch, one_line

Key = SearchAttributeKey[Any]


async def register_search_attributes(
    client: Client, keys: Sequence[Key], *, timeout: timedelta = timedelta(seconds=15)
) -> list[str]:
    """Add the missing search attributes, wait until they can be used, and return their names.

    Raises SearchAttributeMismatch, or NamespaceNotReady.
    """
    existing = await _existing(client)
    _refuse_other_types(client, keys, existing)
    missing = [key for key in keys if key.name not in existing]
    if missing:
        await _add(client, missing)
        # If another process has added an attribute with another type since, the server keeps that one, silently.
        _refuse_other_types(client, keys, await _existing(client))
    await _until_usable(client, keys, timeout)
    return [key.name for key in missing]


async def raise_retention(client: Client, retention: timedelta) -> bool:
    """Keep ended workflows at least this long; a longer retention stays. True if it was raised."""
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
        raise _not_ready(client, "cannot be set to keep ended workflows longer", error) from None
    return True


async def _existing(client: Client) -> Mapping[str, int]:
    try:
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except RPCError as error:
        raise _not_ready(client, "does not list its search attributes", error) from None
    return {**listed.system_attributes, **listed.custom_attributes}


def _refuse_other_types(client: Client, keys: Sequence[Key], existing: Mapping[str, int]) -> None:
    """Raise SearchAttributeMismatch: the server accepts another type silently, and every later search would fail."""
    for key in keys:
        found = existing.get(key.name, key.indexed_value_type.value)
        if found != key.indexed_value_type.value:
            raise SearchAttributeMismatch(
                f"Search attribute {key.name} has type {_type_name(found)} in namespace "
                f"{client.namespace!r}, Perennial needs {_type_name(key.indexed_value_type.value)}: "
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
            raise _not_ready(client, f"does not accept the search attributes {wanted}", error) from None


async def _until_usable(client: Client, keys: Sequence[Key], timeout: timedelta) -> None:
    """Wait until the attributes can be searched: each part of the server learns of them in its own time."""
    query = " AND ".join(f"{key.name} IS NULL" for key in keys)
    deadline = time.monotonic() + timeout.total_seconds()
    while keys:
        try:
            await client.count_workflows(query)
        except RPCError as error:
            if time.monotonic() > deadline:
                raise _not_ready(client, "does not serve its new search attributes yet", error) from None
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
    return NamespaceNotReady(
        f"Namespace {client.namespace!r} {what}: {one_line(error.message)}. Ask an operator of the server to do it, "
        "or use another namespace (TEMPORAL_NAMESPACE)."
    )
