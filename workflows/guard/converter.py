"""Payloads by pydantic; a malformed request fails in one line that names the fields."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError

from domain.faults import faults_of
from domain.subscription.commands import AnyCommand
from domain.values import Strict
from workflows.account.messages import AccountStart
from workflows.durable.options import MAX_MESSAGE
from workflows.price_changes.messages import PriceStart
from workflows.subscription.messages import Start

CARRIED = ((Start, b'"life"'), (AccountStart, b'"life"'), (PriceStart, b'"progress"'))
"""The starts of workflows that continue as new, and the field that only the state of an earlier run has."""


def malformed(error: ValidationError) -> ApplicationError:
    """The error for a request that does not fit its model."""
    faults = "; ".join(str(fault) for fault in faults_of(error))
    return ApplicationError(f"Malformed request: {faults}"[:MAX_MESSAGE], type="Malformed", non_retryable=True)


def _is_request(payloads: Sequence[Payload], type_hints: Sequence[object] | None) -> bool:
    """Whether the payload is a caller's request, and not the state that one run hands to the next.

    A state that this code cannot read has to wait for code that can; a malformed request has to fail.
    """
    for hint, payload in zip(type_hints or [], payloads, strict=False):
        for start, carried in CARRIED:
            if hint == start:
                return carried not in payload.data
        if hint == AnyCommand or (isinstance(hint, type) and issubclass(hint, Strict)):
            return True
    return False


class RequestConverter(PydanticPayloadConverter):
    """Fails a malformed request with an error that its sender can read."""

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """Decode; a request that does not fit its model is an ApplicationError of type `Malformed`."""
        try:
            return super().from_payloads(payloads, type_hints)
        except ValidationError as error:
            if _is_request(payloads, type_hints):
                raise malformed(error) from None
            raise


DATA_CONVERTER = DataConverter(payload_converter_class=RequestConverter)
