"""The port for the figures that a worker reads from the books for its metrics. An adapter implements it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Outbox:
    """The events that a publisher has not been notified of: how many, and since when the first one waits.

    `oldest` is None where all of them are dated by test clocks.
    """

    depth: int
    oldest: datetime | None


@dataclass(frozen=True)
class Figures:
    """What the books say as of now. Each mapping has what there is; what has no entry is 0."""

    overdue: int
    """Subscriptions whose next milestone should have happened before the instant that was asked for."""
    subscriptions: dict[str, int] = field(default_factory=dict)
    """By state."""
    invoices: dict[str, int] = field(default_factory=dict)
    """By state."""
    outbox: dict[str, Outbox] = field(default_factory=dict)
    """By publisher; the publishers of the catalog have an entry also with nothing to deliver."""


class BookFigures(Protocol):
    """Reads the figures. Raises BooksUnavailable or SchemaMismatch."""

    async def read(self, overdue_before: datetime) -> Figures:
        """Return the figures, in one transaction."""

    async def check(self) -> None:
        """Raise what says that the books do not answer, or have another revision than this program."""
