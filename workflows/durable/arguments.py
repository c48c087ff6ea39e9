"""Decodes an argument that the SDK has left untyped."""

from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.values import Strict

R = TypeVar("R", bound=Strict)


def typed(argument: object, hint: Any, model: type[R]) -> R:
    """The argument as the hint says, an instance of `model`.

    The SDK ignores the types of a handler that is called without its optional arguments: what it passes is the bare
    JSON. Raises ApplicationError of type `Malformed`.
    """
    if isinstance(argument, model):
        return argument
    converter = workflow.payload_converter()
    decoded = converter.from_payload(converter.to_payload(argument), hint)
    if not isinstance(decoded, model):
        words = f"takes a mapping of its fields; it got {type(decoded).__name__}"
        raise ApplicationError(f"Malformed request: {words}", type="Malformed", non_retryable=True)
    return decoded
