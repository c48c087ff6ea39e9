"""The arguments and options that commands share."""

import dataclasses
import functools
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, TypeVar, get_type_hints

from pydantic import BaseModel, ValidationError
from typer import Argument, BadParameter, Option

from cli.failure import Misused
from domain.faults import Fault, faults_of, listed, shown
from domain.ordering.lines import MAX_ORDER_ID
from domain.roles import DEFAULT_ACTOR, Party, Role
from domain.subscription.holds import Reason
from domain.values import ID_PATTERN, parse_decimal, parse_instant, readable

T = TypeVar("T")
W = TypeVar("W", bound=StrEnum)
M = TypeVar("M", bound=BaseModel)


def an_instant(text: str) -> datetime:
    """Parse an ISO 8601 instant with its offset, or a date as its midnight in UTC.

    Raises BadParameter, as all parsers here.
    """
    try:
        return parse_instant(f"{text}T00:00:00Z" if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else text)
    except ValueError as error:
        raise _untaken(text, str(error).removeprefix("takes ")) from None


def _id_of_at_most(longest: int) -> Callable[[str], str]:
    """A parser of ids."""

    def parse(text: str) -> str:
        if not (re.fullmatch(ID_PATTERN, text) and len(text) <= longest):
            raise _untaken(text, f"1 to {longest} letters, digits, `_` or `-`")
        return text

    return parse


some_id = _id_of_at_most(64)
an_order_id = _id_of_at_most(MAX_ORDER_ID)
"""An order's id is shorter: its lines' ids add a number."""


def a_signature(text: str) -> str:
    """Parse who acts, as people write names and addresses."""
    if not 1 <= len(text) <= 64:
        raise _untaken(text, "1 to 64 characters")
    try:
        return readable(text)
    except ValueError as error:
        raise _untaken(text, str(error).removeprefix("takes ")) from None


def whole_number(typed: str | int) -> int:
    """Parse a whole number. A default is a number already; the command decides what range it takes."""
    text = str(typed)
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise _untaken(text, "a whole number, 0 or more, of at most 18 digits")
    return int(text)


def positive_number(typed: str | int) -> int:
    """Parse a number of 1 or more."""
    number = whole_number(typed)
    if number == 0:
        raise _untaken(str(typed), "1 or more")
    return number


def exact_decimal(text: str) -> Decimal:
    """Parse a decimal, exactly as it is typed."""
    try:
        return parse_decimal(text)
    except ValueError:
        raise _untaken(text, "digits, such as 12 or 12.5") from None


def one_of(words: Iterable[W]) -> Callable[[str], W]:
    """A parser that takes one of these words."""
    known = {str(word): word for word in words}

    def parse(text: str) -> W:
        if text not in known:
            raise _untaken(text, f"one of {', '.join(known)}")
        return known[text]

    return parse


def _untaken(text: str, takes: str) -> Exception:
    return BadParameter(f"got {shown(text)}; takes {takes}.")


SubscriptionId = Annotated[str, Argument(metavar="ID", parser=some_id, help="The subscription; `list` shows them.")]
OfferId = Annotated[str, Argument(metavar="OFFER", parser=some_id, help="The offer; `catalog list` shows them.")]
NoWait = Annotated[bool, Option("--no-wait", help="Return at once; do not wait until it is done.")]
DryRun = Annotated[bool, Option("--dry-run", help="Show the outcome, and change nothing.")]
Timeout = Annotated[
    int | None,
    Option(
        parser=positive_number,
        metavar="SECONDS",
        help="Send it until it is answered, for this time at most.",
        show_default="30 for the answer",
    ),
]
Reasoned = Annotated[
    Reason, Option("--reason", parser=one_of(Reason), metavar="REASON", help=f"Why: {', '.join(Reason)}.")
]
Details = Annotated[
    str | None, Option(metavar="TEXT", help="Details of the reason, for the record.", show_default=False)
]
Json = Annotated[bool, Option("--json", help="Print one JSON document and nothing else.")]
Address = Annotated[
    str | None,
    Option(
        metavar="HOST:PORT", help="The Temporal server, if not the one that TEMPORAL_ADDRESS names.", show_default=False
    ),
]
By = Annotated[
    str, Option("--by", metavar="ROLE", help=f"The role you act in: {', '.join(Role)}; or {', '.join(Party)}.")
]
Actor = Annotated[
    str | None, Option(parser=a_signature, metavar="NAME", help="Your name, for the record.", show_default=False)
]


@dataclass(frozen=True)
class Reading:
    """The options of a command that only reads."""

    address: Address = None
    as_json: Json = False


@dataclass(frozen=True)
class Acting(Reading):
    """The options of a command that changes something: who acts, and when."""

    by: By = DEFAULT_ACTOR
    actor: Actor = None
    at: Annotated[
        datetime | None,
        Option(
            parser=an_instant,
            metavar="INSTANT",
            help="Do it at this instant or date (test clocks only).",
            show_default=False,
        ),
    ] = None


@dataclass(frozen=True)
class Asking(Acting):
    """The options of a command to a subscription."""

    command_id: Annotated[
        str | None,
        Option(
            parser=some_id,
            metavar="ID",
            help="An id for this request: sent twice, it is done once.",
            show_default="a new one",
        ),
    ] = None
    no_wait: Annotated[
        bool, Option("--no-wait", help="Return at once; do not wait until it is recorded and provisioned.")
    ] = False
    timeout: Timeout = None


@dataclass(frozen=True)
class AskingAsPublisher(Asking):
    """The same, with the publisher as the default for --by."""

    by: By = "publisher"


@dataclass(frozen=True)
class Confirming(Asking):
    """The options of a command that shows its outcome and asks before it acts."""

    dry_run: DryRun = False
    yes: Annotated[bool, Option("--yes", "-y", help="Do it without asking.")] = False


def with_options(command: Callable[..., T]) -> Callable[..., T]:
    """The command with one option per field, for each parameter that is a dataclass."""
    signature = inspect.signature(command, eval_str=True)
    groups = {name: p.annotation for name, p in signature.parameters.items() if _is_group(p.annotation)}

    @functools.wraps(command)
    def run(**given: Any) -> T:
        for name, group in groups.items():
            fields = {field.name: given.pop(field.name) for field in dataclasses.fields(group)}
            given[name] = group(**fields)
        return command(**given)

    spread = [part for p in signature.parameters.values() for part in _spread(p)]
    run.__signature__ = signature.replace(parameters=spread)  # type: ignore[attr-defined]  # what Typer reads
    run.__annotations__ = {part.name: part.annotation for part in spread}
    return run


def _is_group(annotation: object) -> bool:
    return isinstance(annotation, type) and dataclasses.is_dataclass(annotation)


def _spread(parameter: inspect.Parameter) -> Iterator[inspect.Parameter]:
    if not _is_group(parameter.annotation):
        yield parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        return
    types = get_type_hints(parameter.annotation, include_extras=True)
    for field in dataclasses.fields(parameter.annotation):
        default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
        yield inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=types[field.name]
        )


def request_of(kind: type[M], acting: Acting, **fields: object) -> M:
    """The request to a subscription or an account as it was typed. Raises Misused."""
    try:
        return kind.model_validate({"by": acting.by, "actor": acting.actor, "at": acting.at, **fields})
    except ValidationError as error:
        raise misused(faults_of(error)) from None


def misused(faults: Sequence[Fault], where: str = "") -> Misused:
    """One line per fault: the field, what came and what it takes."""
    prefix = f"{where}: " if where else ""
    return Misused(*listed(faults, lambda fault: f"{prefix}{fault}"))


def typed_wrong(option: str, got: object, takes: str) -> Misused:
    """The failure for one faulty option or argument."""
    return misused([Fault(path=(option,), got=got, takes=takes)])
