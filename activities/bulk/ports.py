"""What bulk operations need of the world. Adapters implement it."""

from collections.abc import Sequence
from typing import Protocol

from activities.bulk.contracts import StateInput
from domain.bulk.items import Item
from domain.bulk.operations import BulkState
from domain.bulk.totals import Totals


class BulkItems(Protocol):
    """The items of operations in the books."""

    async def state(self, bulk_id: str) -> BulkState:
        """Return the operation's state. Raises BooksConflict if the books do not have it."""

    async def wait_again(self, bulk_id: str) -> None:
        """Have the items wait again that have failed."""

    async def waiting(self, bulk_id: str, limit: int) -> list[Item]:
        """Return the next items that wait, in order."""

    async def note(self, bulk_id: str, items: Sequence[Item]) -> None:
        """Record what has become of items that waited; others stay as they are."""

    async def totals(self, bulk_id: str) -> Totals:
        """Return the totals of all items."""

    async def note_state(self, entry: StateInput) -> None:
        """Record the operation's state; a final one stays."""


class ItemSender(Protocol):
    """Sends items to what they are about on the Temporal server."""

    async def send(self, item: Item) -> Item:
        """Return the item with its result. Sent again, it has no second effect, and the same result.

        Raises ServerUnavailable, BooksUnavailable or SchemaMismatch, and Permanent where trying again cannot help.
        """
