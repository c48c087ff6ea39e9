"""Browse the catalog: list offers, all or those that a customer can buy, and show one (CAT-2, ELG-9)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from domain.catalog.catalog import Contents, ListedOffer
from domain.catalog.customers import Customer
from domain.catalog.offers import BillingType, Category, Publisher
from domain.next_step import Do, NextStep
from domain.ordering.eligibility import Ownership, Refusal, UnpaidHold, listing_refusals
from perennial.sources.books import Books, NotInBooks
from perennial.sources.sources import Sources

BATCH = 200
"""A listing reads this many offers at a time, so that it never holds the whole catalog."""


@dataclass(frozen=True)
class OfferFilters:
    """Which offers to list. A filter that is None takes all (CAT-2); `one_per_customer` takes only those (ELG-1).

    With a customer, offers that it cannot buy now are left out, unless `explain` asks for them and the reasons.
    """

    customer: str | None = None
    publisher: Publisher | None = None
    billing_type: BillingType | None = None
    category: Category | None = None
    one_per_customer: bool = False
    explain: bool = False


@dataclass(frozen=True)
class OfferShown:
    """An offer, and why the customer asked about cannot buy it (ELG-9): empty if it can, or if none was asked about.

    `trial_of` is the subscription that has used the customer's one trial of the offer (TRI-4).
    """

    offer: ListedOffer
    refusals: tuple[Refusal, ...] = ()
    trial_of: str | None = None


@dataclass(frozen=True)
class OfferPage:
    """One page of a listing as of `at`. `more`: others follow. `empty`: the catalog has no offer at all."""

    rows: tuple[OfferShown, ...]
    at: datetime
    more: bool
    empty: bool


@dataclass(frozen=True)
class OfferDetails:
    """One offer as of `at`, and the customer that was asked about, if any."""

    shown: OfferShown
    at: datetime
    customer: Customer | None = None


class Browsing:
    """What is sold, and to whom."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def offers(self, filters: OfferFilters, *, limit: int = 50, after: str | None = None) -> OfferPage:
        """List up to `limit` offers in the order of their ids, from behind the id `after` on.

        Raises RefusedByRule for an unknown customer (ELG-8).
        """
        books = await self._sources.books()
        at = self._sources.now()
        found: list[OfferShown] = []
        async for row in _matching(books, filters, limit, after):
            found.append(row)
            if len(found) > limit:
                break
        empty = not found and not await books.catalog.page(limit=1)
        return OfferPage(tuple(found[:limit]), at, more=len(found) > limit, empty=empty)

    async def contents(self) -> Contents:
        """Every record of the catalog, as files for an import have them, in one state of the database."""
        books = await self._sources.books()
        return await books.catalog.contents()

    async def offer(self, offer_id: str, customer_id: str | None = None) -> OfferDetails:
        """Show an offer; with a customer, also whether it can buy the offer now.

        Raises NotInBooks if the catalog is empty, and RefusedByRule if offer or customer are unknown (ELG-6, ELG-8).
        """
        books = await self._sources.books()
        at = self._sources.now()
        if await books.catalog.version() is None:
            raise NotInBooks("The catalog is empty.", NextStep(Do.IMPORT_CATALOG, words="Import one"))
        offer = await books.sold(offer_id)
        if customer_id is None:
            return OfferDetails(OfferShown(offer), at)
        customer = await books.buyer(customer_id)
        owned = (await books.holdings.holdings(customer.id, [offer.id]))[offer.id]
        return OfferDetails(_judged(offer, customer, owned, await books.holdings.unpaid(customer.id)), at, customer)


async def _matching(books: Books, filters: OfferFilters, limit: int, after: str | None) -> AsyncIterator[OfferShown]:
    customer = await books.buyer(filters.customer) if filters.customer else None
    unpaid = await books.holdings.unpaid(customer.id) if customer else ()
    batch = BATCH if customer else min(BATCH, limit + 1)
    while True:
        offers = await books.catalog.page(
            publisher=filters.publisher,
            billing_type=filters.billing_type,
            category=filters.category,
            one_per_customer=filters.one_per_customer or None,
            limit=batch,
            after=after,
        )
        if customer is None:
            for offer in offers:
                yield OfferShown(offer)
        else:
            owned = await books.holdings.holdings(customer.id, [offer.id for offer in offers])
            for offer in offers:
                row = _judged(offer, customer, owned.get(offer.id, Ownership()), unpaid)
                if filters.explain or not row.refusals:
                    yield row
        if len(offers) < batch:
            return
        after = offers[-1].id


def _judged(offer: ListedOffer, customer: Customer, owned: Ownership, unpaid: tuple[UnpaidHold, ...]) -> OfferShown:
    refusals = listing_refusals(offer, customer, owned, unpaid)
    return OfferShown(offer, refusals, owned.trial_of if offer.trial_days else None)
