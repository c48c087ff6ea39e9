"""The environment of books: the Temporal namespace whose workflows they record, and no other's."""

from dataclasses import dataclass
from typing import Protocol

from activities.errors import Permanent
from domain.next_step import Do, NextStep


@dataclass(frozen=True)
class Environment:
    """A namespace of a server. Its id is the same for ever, also on a replica; name and address are for people."""

    namespace_id: str
    namespace: str
    address: str

    def __str__(self) -> str:
        return f"namespace {self.namespace!r} at {self.address} (id {self.namespace_id})"

    def is_that_of(self, other: "Environment") -> bool:
        """Whether both are the same namespace."""
        return self.namespace_id == other.namespace_id


class OthersBooks(Permanent):
    """The books belong to another server or namespace than the one that is worked with."""

    def __init__(self, place: str, theirs: Environment, ours: Environment) -> None:
        super().__init__(
            f"The books in {place} belong to {theirs}, not to {ours}. Nothing was done: name the server and the books "
            "that belong together.",
            NextStep(Do.ADOPT_BOOKS),
        )


class EnvironmentBook(Protocol):
    """The port to what the books know of their environment. Raises BooksUnavailable and SchemaMismatch."""

    async def current(self) -> Environment | None:
        """Where the books belong; None until the first server works with them."""

    async def require(self, ours: Environment) -> None:
        """Raise OthersBooks if the books belong to another environment. Nothing is changed."""

    async def claim(self, ours: Environment) -> None:
        """Let the books belong to that environment for good, if they belong to none. Raises OthersBooks."""

    async def adopt(self, ours: Environment) -> None:
        """Let the books belong to that environment from now on, whatever they belonged to."""
