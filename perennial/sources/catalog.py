"""Ports for what the use cases need from the catalog. Adapters implement them."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from domain.catalog.catalog import Contents, ListedOffer
from domain.catalog.changes import CatalogVersion, Imported
from domain.catalog.customers import Customer, Partner
from domain.catalog.offers import BillingType, Category, Publisher
from domain.ordering.eligibility import Ownership, UnpaidHold
from domain.subscription.events import State


class CatalogBook(Protocol):
    """Offers, customers and partners, and the imports that changed them."""

    async def version(self) -> CatalogVersion | None:
        """Return the last import that changed something; None before the first."""

    async def versions_to_send(self) -> list[int]:
        """Return the versions whose new prices were not sent to all subscriptions yet, oldest first (BUY-5)."""

    async def offer(self, offer_id: str) -> ListedOffer | None:
        """Return the offer with that id, or None."""

    async def offers(self, offer_ids: Collection[str]) -> dict[str, ListedOffer]:
        """Return the offers with these ids by id; unknown ones are left out."""

    async def page(
        self,
        publisher: Publisher | None = None,
        billing_type: BillingType | None = None,
        category: Category | None = None,
        one_per_customer: bool | None = None,
        limit: int = ...,
        after: str | None = None,
    ) -> list[ListedOffer]:
        """Return one page of offers in the order of their ids, with these filters (CAT-2), after the id `after`."""

    async def customer(self, customer_id: str) -> Customer | None:
        """Return the customer's record, or None (ELG-8)."""

    async def customers(self, partner: str | None = None, limit: int = ..., after: str | None = None) -> list[Customer]:
        """Return one page of customers, all or a partner's, in the order of their ids."""

    async def partner(self, partner_id: str) -> Partner | None:
        """Return the partner with that id, or None."""

    async def partners(self, limit: int = ..., after: str | None = None) -> list[Partner]:
        """Return one page of partners in the order of their ids."""

    async def subscriptions_of(self, customer_id: str) -> dict[State, int]:
        """Return how many subscriptions the customer has in each state."""

    async def publisher_of(self, subscription_id: str) -> str | None:
        """Return the `vendor` of the subscription's offer in today's catalog; None if either is unknown."""

    async def contents(self) -> Contents:
        """Return every record, each kind in the order of its ids, in one state of the database."""

    async def preview(self, contents: Contents, at: datetime) -> Imported:
        """Preview an import. Raises ImportRefused with every fault."""

    async def import_contents(self, contents: Contents, source: str, at: datetime) -> Imported:
        """Import all of the contents in one transaction. If nothing changes, the version stays the same.

        Raises ImportRefused with every fault, and then writes nothing.
        """


class Holdings(Protocol):
    """What a customer has of each offer."""

    async def holdings(self, customer_id: str, offer_ids: Collection[str]) -> dict[str, Ownership]:
        """Return the customer's subscriptions to each offer, and whether its trial is used."""

    async def held(self, customer_id: str) -> tuple[UnpaidHold, ...]:
        """Return what the customer's account holds for nonpayment, and for which invoice (MON-9)."""

    async def unpaid(self, customer_id: str) -> tuple[UnpaidHold, ...]:
        """Return the holds for nonpayment that keep the customer from buying (ELG-10)."""
