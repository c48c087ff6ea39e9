"""What the tenant service answers to a sign-in."""

from dataclasses import dataclass
from enum import StrEnum

from domain.values import Frozen


class Door(StrEnum):
    """The result of a sign-in."""

    OPEN = "open"
    TURNED_AWAY = "turned_away"
    UNKNOWN = "unknown"
    GONE = "gone"


class Document(Frozen):
    """A document that the tenant's users keep."""

    title: str
    text: str


class Visit(Frozen):
    """The answer, with its text; `documents` are what an admin can read."""

    door: Door
    words: str
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True)
class Visits:
    """The answers to a user who signs in and to an admin who reads the data."""

    user: Visit
    admin: Visit
