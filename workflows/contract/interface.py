"""A page of the contract: a workflow, a service or a set of documents, with its messages."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_type_hints

Schema = dict[str, Any]
"""A JSON Schema, or a part of one."""


class Kind(StrEnum):
    """How a message is sent, by the name of its table in a page and in the lock."""

    START = "start"
    UPDATE = "updates"
    SIGNAL = "signals"
    QUERY = "queries"
    OPERATION = "operations"
    DOCUMENT = "documents"

    @property
    def one(self) -> str:
        """One of them, in words."""
        return {Kind.START: "start", Kind.QUERY: "query"}.get(self, self.value.removesuffix("s"))


NOTHING = object()
"""Where a message takes or gives nothing."""
UNPROMISED = object()
"""Where what a message gives is no part of the contract."""


@dataclass(frozen=True)
class Message:
    """One message. `takes`, `then` and `gives` are types that pydantic knows.

    `optional` says that it may be sent without an argument; `then` is an optional second argument.
    """

    kind: Kind
    name: str
    words: str
    takes: object = NOTHING
    gives: object = NOTHING
    optional: bool = False
    then: object = NOTHING


@dataclass(frozen=True)
class Interface:
    """One page of the contract, named `slug`. `addressed` is the form of the id that it is found under."""

    slug: str
    title: str
    addressed: str
    words: str
    messages: tuple[Message, ...]


def first_line(documented: object) -> str:
    """What the docstring says first."""
    return (inspect.getdoc(documented) or "").partition("\n")[0]


def updates(workflow: type, takes: Mapping[str, object]) -> Iterator[Message]:
    """The workflow's updates."""
    for name, model in takes.items():
        handler = getattr(workflow, name)
        gives = get_type_hints(handler, include_extras=True)["return"]
        yield Message(Kind.UPDATE, name, first_line(handler), model, gives)


def signals(takes: Mapping[str, object]) -> Iterator[Message]:
    """Signals that carry these requests."""
    for name, model in takes.items():
        yield Message(Kind.SIGNAL, name, first_line(model), model)


def queries(workflow: type, names: tuple[str, ...], unpromised: frozenset[str]) -> Iterator[Message]:
    """The workflow's queries."""
    for name in names:
        handler = getattr(workflow, name)
        hints = get_type_hints(handler, include_extras=True)
        gives = UNPROMISED if name in unpromised else hints["return"]
        taken = [each for each in inspect.signature(handler).parameters.values() if each.name != "self"]
        takes, then = ([hints[each.name] for each in taken] + [NOTHING, NOTHING])[:2]
        optional = bool(taken) and taken[0].default is not inspect.Parameter.empty
        yield Message(Kind.QUERY, name, first_line(handler), takes, gives, optional, then)
