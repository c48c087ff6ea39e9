"""What the use cases read and write of the catalog. Adapters implement it."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from activities.prices.contracts import Affected, AffectedInput
from domain.catalog.catalog import Contents, ListedOffer
from domain.catalog.changes import CatalogVersion, Imported
from domain.catalog.customers import Customer, Partner
from domain.catalog.offers import BillingType, Category, Publisher
from domain.ordering.eligibility import Ownership
from domain.subscription.events import State


class CatalogBook(Protocol):
    """Offers, customers and partners, by the versions in which they were imported."""

    async def version(self) -> CatalogVersion | None:
        """The last import that changed something; None before the first."""
        ...

    async def untold(self) -> list[int]:
        """The versions whose prices not every subscription has been told yet, the oldest first (BUY-5)."""
        ...

    async def offer(self, offer_id: str) -> ListedOffer | None:
        """The offer of that id."""
        ...

    async def offers(self, offer_ids: Collection[str]) -> dict[str, ListedOffer]:
        """Those of the offers that the catalog holds, by their ids."""
        ...

    async def page(
        self,
        publisher: Publisher | None = None,
        billing_type: BillingType | None = None,
        category: Category | None = None,
        one_per_customer: bool | None = None,
        limit: int = ...,
        after: str | None = None,
    ) -> list[ListedOffer]:
        """Offers in the order of their ids, with the filters that are given (CAT-2); the next page begins `after`."""
        ...

    async def customer(self, customer_id: str) -> Customer | None:
        """The customer's record (ELG-8)."""
        ...

    async def customers(self, partner: str | None = None, limit: int = ..., after: str | None = None) -> list[Customer]:
        """A page of customers in the order of their ids; those of one partner."""
        ...

    async def partner(self, partner_id: str) -> Partner | None:
        """The partner of that id."""
        ...

    async def partners(self, limit: int = ..., after: str | None = None) -> list[Partner]:
        """A page of partners in the order of their ids."""
        ...

    async def subscriptions_of(self, customer_id: str) -> dict[State, int]:
        """How many subscriptions the customer has in each state."""
        ...

    async def preview(self, contents: Contents, at: datetime) -> Imported:
        """What an import would come to. Raises ImportRefused with every fault."""
        ...

    async def import_contents(self, contents: Contents, source: str, at: datetime) -> Imported:
        """Take all of the contents in, in one transaction; where nothing changes, the version stays.

        Raises ImportRefused with every fault: then nothing is written.
        """
        ...


class PriceBook(Protocol):
    """The price changes of each version of the catalog, and which subscriptions they concern (BUY-5)."""

    async def affected(self, page: AffectedInput) -> Affected:
        """A page of the subscriptions that have not ended, of the offers whose prices the version changed.

        What is bought and about to begin is among them: its copy of the prices may be the older one.
        """
        ...

    async def note_all_sent(self, version: int) -> None:
        """Note that every subscription concerned has been told; again changes nothing."""
        ...


class Holdings(Protocol):
    """What a customer has of each offer."""

    async def holdings(self, customer_id: str, offer_ids: Collection[str]) -> dict[str, Ownership]:
        """For each of the offers, what the customer has of it."""
        ...
