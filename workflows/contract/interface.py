"""A page of the contract: a workflow, a service or a set of documents, with its messages."""

import inspect
from collections.abc import Mapping, Sequence
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
STATE = "life"
"""The query that returns the whole state, whose fields change with the code."""
COMMAND = ".venv/bin/python -m workflows.contract"
"""What writes the contract's files anew."""


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


def of_workflow(
    workflow: type,
    addressed: str,
    words: str,
    *,
    start: type,
    updates: Mapping[str, object] = {},
    signals: Mapping[str, object] = {},
    queries: Sequence[str] = (),
    slug: str | None = None,
) -> Interface:
    """The page of a workflow: its start and what it returns at its end, and its other messages in this order.

    It is named by the prefix of the workflow's id, unless a `slug` is given.
    """
    messages = (
        Message(Kind.START, "start", first_line(start), start, _hints(workflow, "run")["return"]),
        *(
            Message(Kind.UPDATE, name, first_line(getattr(workflow, name)), model, _hints(workflow, name)["return"])
            for name, model in updates.items()
        ),
        *(Message(Kind.SIGNAL, name, first_line(model), model) for name, model in signals.items()),
        *(_query(workflow, name) for name in queries),
    )
    return Interface(slug or addressed.partition(":")[0], workflow.__name__, addressed, words, messages)


def _query(workflow: type, name: str) -> Message:
    hints = _hints(workflow, name)
    gives = hints.pop("return")
    takes, then = [*hints.values(), NOTHING, NOTHING][:2]
    handler = getattr(workflow, name)
    optional = bool(hints) and len(handler.__defaults__ or ()) == len(hints)
    return Message(Kind.QUERY, name, first_line(handler), takes, UNPROMISED if name == STATE else gives, optional, then)


def _hints(workflow: type, handler: str) -> dict[str, Any]:
    return get_type_hints(getattr(workflow, handler), include_extras=True)
