"""What a tenant answers to somebody who wants in."""

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
