"""Payloads by pydantic; a malformed request fails in one line that names the fields."""

from collections.abc import Sequence
from typing import Any, get_args

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError

from domain.faults import faults_of
from workflows.durable.arguments import StartPayload, Undecodable, malformed
from workflows.durable.carried import Carried
from workflows.durable.options import MAX_MESSAGE
from workflows.guard.bounds import check_size, requests_in


def reason_of(error: Exception) -> str:
    """Why a payload cannot be decoded, in one line."""
    if isinstance(error, ValidationError):
        return "; ".join(str(fault) for fault in faults_of(error))[:MAX_MESSAGE]
    return f"it cannot be decoded ({ascii(str(error))[1:-1][:MAX_MESSAGE]})"


def _carries_state(hint: object) -> bool:
    """Whether the hint is that of a start that may also be the state of an earlier run."""
    arms = get_args(hint)
    return any(isinstance(arm, type) and issubclass(arm, Carried) for arm in arms) and any(requests_in(hint))


class RequestConverter(PydanticPayloadConverter):
    """Fails a malformed request with an error that its sender can read.

    A start that may also be the state of an earlier run is decoded by the workflow, which knows its own run.
    """

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """Decode. A request that does not fit its model is an ApplicationError of type `Malformed`.

        What has no type, because its number does not fit, is an `Undecodable` where it cannot be decoded.
        """
        if not type_hints or len(type_hints) != len(payloads):
            return [self._untyped(payload) for payload in payloads]
        return [self._typed(payload, hint) for payload, hint in zip(payloads, type_hints, strict=True)]

    def _typed(self, payload: Payload, hint: Any) -> Any:
        if _carries_state(hint):
            return StartPayload(payload)
        requests = list(requests_in(hint))
        if not requests:
            return self._decoded(payload, [hint])
        check_size(payload, requests)
        try:
            return self._decoded(payload, [hint])
        except ApplicationError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a converter raises, its sender gets an answer
            raise malformed(reason_of(error)) from None

    def _untyped(self, payload: Payload) -> Any:
        try:
            return self._decoded(payload, None)
        except Exception as error:  # noqa: BLE001  # as above
            return Undecodable(reason_of(error))

    def _decoded(self, payload: Payload, hints: list[Any] | None) -> Any:
        (value,) = super().from_payloads([payload], hints)
        return value


DATA_CONVERTER = DataConverter(payload_converter_class=RequestConverter)
