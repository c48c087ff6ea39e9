"""What price changes need of the world. Adapters implement it."""

from typing import Protocol

from activities.prices.contracts import Affected, AffectedInput, PriceMessage


class PriceBook(Protocol):
    """What the catalog's versions changed in prices, and whom that concerns (BUY-5)."""

    async def affected(self, page: AffectedInput) -> Affected:
        """A page of the subscriptions that have not ended, of the offers whose prices the version changed."""
        ...

    async def messages(self, version: int, subscription_ids: tuple[str, ...]) -> list[PriceMessage]:
        """What each is to be told: its offer's prices as the newest version of the catalog has them."""
        ...

    async def note_all_sent(self, version: int) -> None:
        """Note that every subscription concerned has been told."""
        ...
