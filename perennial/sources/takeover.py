"""The port for what takes subscriptions over, and gives them back. Adapters implement it."""

from collections.abc import Sequence
from typing import Protocol

from activities.takeover.contracts import Running, TakeoverInput
from domain.subscription.events import State
from statemachines.takeover.known import Named, Standing


class TakeoverBook(Protocol):
    """Subscriptions of other systems."""

    async def standing(self, named: Named) -> Standing:
        """Return what catalog and books have of the names, in one state of the database."""

    async def take(self, takeovers: Sequence[TakeoverInput]) -> int:
        """Take them all over in one transaction, with their claims; return how many the books did not have.

        Raises BooksConflict if one is there with other content, or a claim was taken meanwhile: then none is.
        """

    async def running(
        self,
        customer: str | None = None,
        offer: str | None = None,
        state: State | None = None,
        limit: int = ...,
        after: str | None = None,
    ) -> list[Running]:
        """Return one page of subscriptions, ended ones too, in the order of their ids, after the id `after`."""

    async def unpaid(self, customer: str | None = None) -> int:
        """Return how many invoices are not paid, of that customer or of all."""
