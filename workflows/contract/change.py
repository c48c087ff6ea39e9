"""The kinds of schema changes that break senders or readers."""

from dataclasses import dataclass
from enum import StrEnum


class Breaks(StrEnum):
    """The kind of a breaking change."""

    MESSAGE_REMOVED = "message removed"
    ADDRESS_CHANGED = "address changed"
    REMOVED = "field removed"
    NEW_REQUIRED = "new required field"
    MADE_REQUIRED = "made required"
    VALUE_REMOVED = "value removed"
    BOUND_NARROWED = "bound narrowed"
    PATTERN_CHANGED = "pattern changed"
    TYPE_CHANGED = "type changed"
    DEFAULT_CHANGED = "default changed"
    CLOSED = "unknown fields refused"
    NOT_ALWAYS = "not always there"
    NULLABLE = "may be null"
    UNKNOWN = "cannot be compared"


@dataclass(frozen=True)
class Change:
    """One breaking change. `place` is the model and the field, `asked` says that it is in a request."""

    kind: Breaks
    place: str
    was: str
    now: str
    asked: bool


LESSONS: dict[Breaks, tuple[str, str]] = {
    Breaks.MESSAGE_REMOVED: (
        "senders of it: an update gets an error, a signal gets no reaction at all",
        "keep the message, and let it answer `refused` with the rule and the next step; a better one gets a new name",
    ),
    Breaks.ADDRESS_CHANGED: (
        "callers of running workflows: those keep their old ids, for years",
        "keep the form of the id",
    ),
    Breaks.REMOVED: (
        "senders and readers of the field: a request with it is refused as malformed, a reader finds nothing",
        "keep the field: ignore it in a request if you must, fill it in an answer as before",
    ),
    Breaks.NEW_REQUIRED: (
        "all senders of today: they do not know the field, so their requests are refused as malformed",
        "make it optional, with a default that keeps the old behaviour",
    ),
    Breaks.MADE_REQUIRED: (
        "senders that leave it out, as promised: their requests are refused as malformed",
        "keep it optional; if it is needed, let a rule refuse, as an answer",
    ),
    Breaks.VALUE_REMOVED: (
        "senders of that value: their requests are refused as malformed",
        "keep taking it, and let a rule refuse it, or read it as the value that replaces it",
    ),
    Breaks.BOUND_NARROWED: (
        "senders of values within the old bound: their requests are refused as malformed",
        "keep the bound; if you want less, let a rule refuse, as an answer",
    ),
    Breaks.PATTERN_CHANGED: (
        "senders whose text fits only the old pattern, or readers that rely on it",
        "keep the pattern; text of another form gets a field of its own",
    ),
    Breaks.TYPE_CHANGED: (
        "senders of the old type are refused as malformed; readers cannot decode the new one",
        "keep the field as it is; the new type gets a new field beside it",
    ),
    Breaks.DEFAULT_CHANGED: (
        "senders that leave it out: the same request silently does something else",
        "keep the default; senders that want the new behaviour ask for it",
    ),
    Breaks.CLOSED: (
        "senders of fields that were ignored so far: their requests are refused as malformed",
        "keep ignoring unknown fields here",
    ),
    Breaks.NOT_ALWAYS: (
        "readers that rely on it, since it was always there",
        "keep writing it in every answer; add a new field for what is sometimes missing",
    ),
    Breaks.NULLABLE: (
        "readers that do not expect null here",
        "keep writing a value; add a new field for what may be missing",
    ),
    Breaks.UNKNOWN: (
        "perhaps somebody: the comparison does not know this keyword",
        "teach workflows/contract/compare.py what it means, and add a row to its test",
    ),
}
"""Whom each kind breaks, and what to do instead."""
