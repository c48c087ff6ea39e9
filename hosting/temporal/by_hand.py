"""What an operator of the server types where Perennial may not prepare it: with `temporal`, or `tcld` in the Cloud."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from temporalio.client import Client
from temporalio.common import SearchAttributeKey

from workflows.calls.test_clocks import MARK, MARKED

CLOUD = (".tmprl.cloud", ".temporal.io")
"""How the host names of Temporal Cloud end: its namespaces are prepared by its own API, not by the server's."""


def is_cloud(client: Client) -> bool:
    """Whether the client is connected to Temporal Cloud."""
    return client.service_client.config.target_host.rpartition(":")[0].endswith(CLOUD)


def create_namespace(client: Client, retention: timedelta) -> str:
    """Create the client's namespace."""
    if is_cloud(client):
        return f"tcld namespace create --namespace {client.namespace} --retention-days {retention.days} --region ..."
    return f"temporal operator namespace create --namespace {client.namespace} --retention {retention.days}d"


def keep_longer(client: Client, retention: timedelta) -> str:
    """Raise the retention of the client's namespace."""
    if is_cloud(client):
        return f"tcld namespace retention set --namespace {client.namespace} --retention-days {retention.days}"
    return f"temporal operator namespace update --namespace {client.namespace} --retention {retention.days}d"


def mark_for_tests(client: Client) -> str:
    """Let the client's namespace take test clocks."""
    return f"temporal operator namespace update --namespace {client.namespace} --data {MARK}={MARKED}"


def create_attributes(client: Client, keys: Sequence[SearchAttributeKey[Any]]) -> str:
    """Create the search attributes; `temporal` takes one type at a time."""
    if is_cloud(client):
        wanted = " ".join(f'--search-attribute "{key.name}={type_of(key)}"' for key in keys)
        return f"tcld namespace search-attributes add --namespace {client.namespace} {wanted}"
    command = f"temporal operator search-attribute create --namespace {client.namespace}"
    by_type = groupby(sorted(keys, key=type_of), key=type_of)
    return "; ".join(
        f"{command} --type {of_type} {' '.join(f'--name {key.name}' for key in of_that)}"
        for of_type, of_that in by_type
    )


def create_endpoint(client: Client, name: str, task_queue: str) -> str:
    """Create the Nexus endpoint that leads to the task queue in the client's namespace."""
    program = "tcld" if is_cloud(client) else "temporal operator"
    target = f"--target-namespace {client.namespace} --target-task-queue {task_queue}"
    return f"{program} nexus endpoint create --name {name} {target}"


def type_of(key: SearchAttributeKey[Any]) -> str:
    """The type's name, as both programs take it."""
    return "".join(word.capitalize() for word in key.indexed_value_type.name.split("_"))
