"""Signals are read strictly by us: the SDK would drop what does not decode, and wedge on a wrong arity."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from domain.rules import Rule
from domain.subscription.decision import Answer, Outcome
from domain.values import Strict

R = TypeVar("R", bound=Strict)
MAX_NAME = 64
MAX_MESSAGE = 1024


def read_signal(name: str, args: Sequence[RawValue], known: Mapping[str, type[R]]) -> R:
    """The request that the signal carries. Raises ApplicationError, in one line, where it carries none."""
    if name not in known:
        raise ApplicationError(f"there is no such signal; there are {', '.join(known)}")
    if len(args) != 1:
        raise ApplicationError(f"takes one argument, a mapping of its fields; it got {len(args)}")
    try:
        request = workflow.payload_converter().from_payload(args[0].payload, known[name])
    except (KeyError, RuntimeError, UnicodeDecodeError) as error:
        raise ApplicationError(f"cannot be decoded: {error}") from None
    if not isinstance(request, known[name]):
        raise ApplicationError(f"takes a mapping of its fields; it got {type(request).__name__}")
    return request


def unreadable(signal: str, at: datetime, message: str) -> Answer:
    """The note of a signal that could not be read or was out of time."""
    return Answer(
        at=at,
        do=ascii(signal)[1:-1][:MAX_NAME],
        outcome=Outcome.REFUSED,
        rule=Rule.LIF_1,
        message=message[:MAX_MESSAGE],
        seq=0,
    )
