"""The headers of an update, which an interceptor of the client's may add: the SDK's own path for them is not used."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, runtime_checkable

from temporalio.api.common.v1 import Payload
from temporalio.client import Client


@runtime_checkable
class AddsHeaders(Protocol):
    """An interceptor that does."""

    def sending(self, update: str, workflow_id: str) -> AbstractContextManager[Mapping[str, Payload]]:
        """The headers, while the update is sent and answered."""


@contextmanager
def sending(client: Client, update: str, workflow_id: str) -> Iterator[Mapping[str, Payload]]:
    """The headers of the first interceptor that adds some; none without one."""
    for each in client.config()["interceptors"]:
        if isinstance(each, AddsHeaders):
            with each.sending(update, workflow_id) as headers:
                yield headers
            return
    yield {}
