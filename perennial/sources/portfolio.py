"""The port for what forecasts read. Adapters implement it."""

from typing import Protocol

from activities.billing.contracts import Forecastable, Whose


class Portfolio(Protocol):
    """Reads the subscriptions to which something will still happen by itself, many at a time."""

    async def knows(self, whose: Whose) -> bool:
        """Return whether there is such a customer, publisher or partner."""

    async def size(self, whose: Whose) -> int:
        """Return how many there are."""

    async def page(self, whose: Whose, limit: int, after: str | None = None) -> list[Forecastable]:
        """Return one page in the order of the ids, read in one transaction; the next page starts after the id."""
