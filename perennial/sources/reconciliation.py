"""The ports for what the books say of workflows, and for what they lack of them. Adapters implement them."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from activities.accounts.contracts import AccountOpening
from activities.notifications.contracts import HandOver
from domain.values import Frozen
from statemachines.audit.findings import Noun
from statemachines.audit.observed import Booked


class WorkflowBook(Protocol):
    """Which workflows should run by the books, and how far they should be."""

    async def page(self, noun: Noun, limit: int = ..., after: str | None = None) -> dict[str, Booked]:
        """Return the next that may have to run, in the order of their ids: ended subscriptions are left out."""

    async def of(self, noun: Noun, ids: Collection[str]) -> dict[str, Booked]:
        """Return those with these ids, ended or not; what the books do not have is left out."""

    async def undelivered(self, subscription_id: str) -> HandOver | None:
        """Return the notifications of the subscription that are not done; None if nobody is notified."""

    async def opening(self, customer_id: str) -> AccountOpening | None:
        """Return how the customer's account was opened; None if the books have nothing of it."""

    async def overdue(self, before: datetime) -> int:
        """Return how many subscriptions should have done something before the instant, by their recorded dates."""


class Backfill(Protocol):
    """Makes the writes of activities again, in books that may lack them."""

    async def write(self, entry: Frozen, result: Frozen | None) -> bool:
        """Write what the activity was given, if its result is what it was then. Returns whether the books lacked it.

        Raises BooksConflict if it would come out otherwise, or does not follow what is there: then nothing is written.
        """
