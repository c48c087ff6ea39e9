"""What a workflow takes: a start is one request about its own workflow, a query's argument is of its type."""

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.exceptions import ApplicationError

from domain.values import Strict, format_instant
from workflows.durable import options
from workflows.durable.carried import Carried

R = TypeVar("R", bound=Strict)


class Undecodable(NamedTuple):
    """Stands for a payload that no converter reads."""

    reason: str


class StartPayload(NamedTuple):
    """A start's argument as it came: a request from anyone, or the state that the workflow's own previous run left."""

    payload: Payload


def malformed(words: str) -> ApplicationError:
    """The error for what does not fit its model, with the words that say why."""
    return ApplicationError(f"Malformed request: {words}", type="Malformed", non_retryable=True)


def one_request(init: Callable[..., None]) -> Callable[..., None]:
    """Fail a start at once whose one argument is not what the workflow's `__init__` says that it takes.

    Without it `__init__` would raise a TypeError, and the workflow's first task would be tried for ever. Goes between
    `workflow.init` and `__init__`. Raises ApplicationError of type `Malformed`.
    """
    (start, *_) = [hint for name, hint in get_type_hints(init).items() if name != "return"]
    takes = get_args(start) or (start,)

    @functools.wraps(init)
    def checked(self: Any, *args: Any) -> None:
        if len(args) != 1:
            raise malformed(f"a start takes one argument, a mapping of its fields; it got {len(args)} arguments")
        request = _request_or_state(args[0], takes) if isinstance(args[0], StartPayload) else args[0]
        if not isinstance(request, takes):
            came = request.reason if isinstance(request, Undecodable) else type(request).__name__
            raise malformed(f"a start takes one argument, a mapping of its fields; it got {came}")
        init(self, request)

    return checked


def _request_or_state(start: StartPayload, takes: tuple[type, ...]) -> Any:
    """Decode the start: only a run that continues its workflow's own previous run begins with a state.

    A state that this code cannot read, such as a newer one, fails the task, which waits for code that can; a malformed
    request fails the workflow.
    """
    continues = workflow.info().continued_run_id is not None
    (arm,) = (arm for arm in takes if issubclass(arm, Carried) is continues)
    if issubclass(arm, Carried):
        return arm.read(start.payload.data)
    return workflow.payload_converter().from_payload(start.payload, arm)


def check_workflow_id(expected: str, field: str) -> None:
    """Fail a start whose `field` names another workflow than the one that it starts.

    Raises ApplicationError of type `Malformed`.
    """
    if workflow.info().workflow_id != expected:
        prefix, _, key = expected.partition(":")
        raise malformed(f"{field}: got {key}; must equal the workflow id after the `{prefix}:` prefix")


def check_forecast(field: str, at: datetime, now: datetime) -> None:
    """Raise ApplicationError of type `Malformed` if there is more time between the two than a task can go through."""
    if abs(at - now) > options.LONGEST_FORECAST:
        raise malformed(f"{field}: got {format_instant(at)}; takes an instant within 50 years of {format_instant(now)}")


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
        raise malformed(f"takes a mapping of its fields; it got {type(decoded).__name__}")
    return decoded
