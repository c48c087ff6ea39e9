"""Ports for what the use cases read and write of bulk operations. Adapters implement them."""

from collections.abc import Collection, Sequence
from typing import Protocol

from domain.bulk.items import Item, ItemStatus
from domain.bulk.operations import Operation, Refusals
from domain.bulk.requests import Selection
from domain.bulk.totals import Totals


class BulkBook(Protocol):
    """Bulk operations and their items."""

    async def matching(self, selection: Selection) -> list[str]:
        """Return the ids of all subscriptions that have not ended and fit the filters, in order."""

    async def unknown(self, subscription_ids: Sequence[str]) -> set[str]:
        """Return those of the ids that the books do not have."""

    async def begin(self, operation: Operation, items: Sequence[Item]) -> Operation:
        """Write the operation and its items in one transaction.

        If there is one with its id already, nothing is written, and that one is returned.
        """

    async def operation(self, bulk_id: str) -> Operation | None:
        """Return the operation; None if the books do not have it."""

    async def operations(self, limit: int = ..., after: str | None = None) -> list[Operation]:
        """Return one page, newest first; the next page begins `after` the id of its last operation."""

    async def items(
        self, bulk_id: str, statuses: Collection[ItemStatus] = (), limit: int = ..., after: int = 0
    ) -> list[Item]:
        """Return one page of its items, of all or these statuses, with positions after `after`."""

    async def totals(self, bulk_id: str) -> Totals:
        """Return the totals of its items."""

    async def refusals(self, bulk_id: str) -> list[Refusals]:
        """Return what was not done by status and rule, each with an example."""
