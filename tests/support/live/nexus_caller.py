"""A workflow of another service that calls one Nexus operation, and tells what came of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import nexusrpc
from temporalio import workflow
from temporalio.exceptions import NexusOperationError
from temporalio.exceptions import TimeoutError as TookTooLong


@dataclass
class Call:
    """One operation of the service behind the endpoint, with any request; `seconds` is how long it may take."""

    endpoint: str
    operation: str
    request: Any
    seconds: float = 60


@dataclass
class Came:
    """What came of it: the answer, or the error's kind and words."""

    answer: dict[str, Any] | None = None
    error: str = ""
    words: str = ""


@workflow.defn
class Caller:
    """Calls once."""

    @workflow.run
    async def run(self, call: Call) -> Came:
        """The answer, or what was wrong."""
        client = workflow.create_nexus_client(service="subscriptions", endpoint=call.endpoint)
        try:
            answer: dict[str, Any] = await client.execute_operation(
                call.operation, call.request, schedule_to_close_timeout=timedelta(seconds=call.seconds)
            )
        except NexusOperationError as error:
            cause = error.cause
            if isinstance(cause, nexusrpc.HandlerError):
                return Came(error=cause.type.value, words=cause.message)
            return Came(error="TIMEOUT" if isinstance(cause, TookTooLong) else type(cause).__name__, words=str(cause))
        return Came(answer=answer)
