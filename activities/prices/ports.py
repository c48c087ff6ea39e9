"""What price changes need of the world. Adapters implement it."""

from collections.abc import Collection
from typing import Protocol

from activities.prices.contracts import Affected, AffectedInput, PriceMessage


class PriceBook(Protocol):
    """Which prices each catalog version changed, and which subscriptions that affects (BUY-5)."""

    async def affected(self, page: AffectedInput) -> Affected:
        """A page of the subscriptions, not ended, to offers whose prices the version changed.

        It includes those that are about to start: they may have been ordered at the older prices.
        """

    async def concerned(self, offer_ids: Collection[str]) -> int:
        """Return how many subscriptions `affected` would have, if these offers' prices were changed."""

    async def messages(self, version: int, subscription_ids: tuple[str, ...]) -> list[PriceMessage]:
        """The prices to send to each, as that version of the catalog has them.

        Ended subscriptions are left out, and those whose offer's prices the version did not change.
        """

    async def note_all_sent(self, version: int) -> None:
        """Record that the version's prices were sent to every affected subscription."""
