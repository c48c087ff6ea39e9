"""Search attributes of a namespace: which are there, and adding those that are missing."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeIndexedValueType, SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from hosting.temporal import by_hand
from hosting.temporal.errors import SearchAttributeMismatch
from hosting.temporal.namespace import not_ready

Key = SearchAttributeKey[Any]

ANOTHERS = {RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.UNAUTHENTICATED}
"""How a server says that its OperatorService is for others, or that it has none, as Temporal Cloud."""
INSTANT = "2020-01-01T00:00:00Z"
FITS = {
    SearchAttributeIndexedValueType.KEYWORD: "STARTS_WITH 'x'",
    SearchAttributeIndexedValueType.BOOL: "= true",
    SearchAttributeIndexedValueType.DATETIME: f"> '{INSTANT}'",
}
"""For each type that Perennial has, the end of a query that the server takes of this type."""
UNFIT = {SearchAttributeIndexedValueType.DATETIME: FITS[SearchAttributeIndexedValueType.KEYWORD]}
"""The end of a query that it refuses of this type: keywords can be compared with instants too."""


async def register_search_attributes(
    client: Client, keys: Sequence[Key], *, timeout: timedelta = timedelta(seconds=15)
) -> list[str]:
    """Add the missing search attributes, wait until they can be used, and return their names.

    Raises SearchAttributeMismatch, or NamespaceNotReady.
    """
    missing = await missing_search_attributes(client, keys)
    if missing:
        await _add(client, missing)
        # If another process has added an attribute with another type since, the server keeps that one, silently.
        _refuse_other_types(client, keys, await _existing(client, keys))
    if keys:
        await _until_usable(client, keys, timeout)
    return [key.name for key in missing]


async def missing_search_attributes(client: Client, keys: Sequence[Key]) -> list[Key]:
    """Those that the namespace does not have. Raises SearchAttributeMismatch, or NamespaceNotReady."""
    existing = await _existing(client, keys)
    _refuse_other_types(client, keys, existing)
    return [key for key in keys if key.name not in existing]


async def _existing(client: Client, keys: Sequence[Key]) -> Mapping[str, str]:
    """The types of the attributes that are there, by name."""
    try:
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except RPCError as error:
        if error.status in ANOTHERS:
            return await _found_by_queries(client, keys)
        raise not_ready(client, "does not list its search attributes", error) from None
    types = {**listed.system_attributes, **listed.custom_attributes}
    return {name: _type_name(number) for name, number in types.items()}


async def _found_by_queries(client: Client, keys: Sequence[Key]) -> dict[str, str]:
    """The same of these keys, where the server lists attributes to others only: it refuses queries that do not fit."""
    found = {}
    for key in keys:
        if await _takes(client, f"{key.name} IS NULL"):
            kind = key.indexed_value_type
            fits = await _takes(client, f"{key.name} {FITS[kind]}")
            unfit = kind in UNFIT and await _takes(client, f"{key.name} {UNFIT[kind]}")
            found[key.name] = by_hand.type_of(key) if fits and not unfit else "another type"
    return found


async def _takes(client: Client, query: str) -> bool:
    try:
        await client.count_workflows(query)
    except RPCError as error:
        if error.status == RPCStatusCode.INVALID_ARGUMENT:
            return False
        raise not_ready(client, "does not answer queries", error) from None
    return True


def _refuse_other_types(client: Client, keys: Sequence[Key], existing: Mapping[str, str]) -> None:
    """Raise SearchAttributeMismatch: the server accepts another type silently, and every later search would fail."""
    for key in keys:
        found = existing.get(key.name, by_hand.type_of(key))
        if found != by_hand.type_of(key):
            raise SearchAttributeMismatch(
                f"Search attribute {key.name} has type {found} in namespace "
                f"{client.namespace!r}, Perennial needs {by_hand.type_of(key)}: "
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
            wanted = ", ".join(f"{key.name} ({by_hand.type_of(key)})" for key in keys)
            command = by_hand.create_attributes(client, keys)
            raise not_ready(client, f"does not accept the search attributes {wanted}", error, command) from None


async def _until_usable(client: Client, keys: Sequence[Key], timeout: timedelta) -> None:
    """Wait until the attributes can be searched: each part of the server learns of them in its own time."""
    query = " AND ".join(f"{key.name} IS NULL" for key in keys)
    deadline = time.monotonic() + timeout.total_seconds()
    while True:
        try:
            await client.count_workflows(query)
        except RPCError as error:
            if time.monotonic() > deadline:
                raise not_ready(client, "does not serve its new search attributes yet", error) from None
            await asyncio.sleep(0.02)
        else:
            return


def _type_name(number: int) -> str:
    name = IndexedValueType.Name(IndexedValueType.ValueType(number))
    return "".join(word.capitalize() for word in name.removeprefix("INDEXED_VALUE_TYPE_").split("_"))
