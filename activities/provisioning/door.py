"""What a tenant answers to somebody who wants in."""

from dataclasses import dataclass
from enum import StrEnum

from domain.values import Frozen


class Door(StrEnum):
    """How far one gets."""

    OPEN = "open"
    TURNED_AWAY = "turned_away"
    UNKNOWN = "unknown"
    GONE = "gone"


class Document(Frozen):
    """Something that the tenant's users keep there."""

    title: str
    text: str


class Visit(Frozen):
    """The answer, in words too; `documents` are what an admin reads."""

    door: Door
    words: str
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True)
class Visits:
    """What the tenant answers to a user who signs in, and to an admin who reads the data."""

    user: Visit
    admin: Visit
