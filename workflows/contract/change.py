"""What a change of a schema does to those who send and to those who read: the kinds that break somebody."""

from dataclasses import dataclass
from enum import StrEnum


class Breaks(StrEnum):
    """A breaking change, by what it is."""

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
        "whoever sends it: its sender gets an error, or a signal's sender nothing at all",
        "keep the message, and let it answer `refused` with the rule and the next step; a better one gets a new name",
    ),
    Breaks.ADDRESS_CHANGED: (
        "whoever addresses a workflow that runs: it is found under its old id, for years",
        "keep the form of the id",
    ),
    Breaks.REMOVED: (
        "whoever sends or reads the field: a request with it is refused as malformed, a reader finds nothing",
        "keep the field; a request's may be ignored from now on, an answer's is filled as before",
    ),
    Breaks.NEW_REQUIRED: (
        "everybody who sends this today: none of them knows of the field, each request is refused as malformed",
        "make it optional, with a default that does what was done before it was there",
    ),
    Breaks.MADE_REQUIRED: (
        "whoever leaves it out, as was promised: the request is refused as malformed",
        "keep it optional; where it is needed, let a rule refuse, as an answer",
    ),
    Breaks.VALUE_REMOVED: (
        "whoever sends that value: the request is refused as malformed",
        "keep taking it, and let a rule refuse it, or read it as the value that replaces it",
    ),
    Breaks.BOUND_NARROWED: (
        "whoever sends what was within the bound: the request is refused as malformed",
        "keep the bound; where less is wanted, let a rule refuse, as an answer",
    ),
    Breaks.PATTERN_CHANGED: (
        "senders whose text fits the old pattern alone, or readers that rely on it",
        "keep the pattern; a text of another form gets a field of its own",
    ),
    Breaks.TYPE_CHANGED: (
        "senders of the old type are refused as malformed; readers cannot decode the new one",
        "keep the field as it is; the new type gets a new field beside it",
    ),
    Breaks.DEFAULT_CHANGED: (
        "whoever leaves it out: the same request does something else than yesterday, without a word",
        "keep the default; who wants the new behaviour says so",
    ),
    Breaks.CLOSED: (
        "whoever sends a field that was ignored so far: the request is refused as malformed",
        "go on ignoring unknown fields here",
    ),
    Breaks.NOT_ALWAYS: (
        "readers that take it for granted, since it was always there",
        "go on writing it in every answer; what is sometimes there gets a new field",
    ),
    Breaks.NULLABLE: (
        "readers that never had to expect null here",
        "go on writing a value; what may be missing gets a new field",
    ),
    Breaks.UNKNOWN: (
        "perhaps somebody: the comparison knows nothing of this keyword",
        "teach workflows/contract/compare.py what it means, with a row in its test",
    ),
}
"""Whom each breaks, and what to do instead."""
