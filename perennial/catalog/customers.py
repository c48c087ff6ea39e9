"""Look at customers: who can buy, through which partner, and what they have."""

from dataclasses import dataclass

from domain.catalog.customers import Customer, Partner
from domain.subscription.events import State
from perennial.sources.sources import Sources


@dataclass(frozen=True)
class CustomerPage:
    """One page of customers. `more` says that others follow."""

    customers: tuple[Customer, ...]
    more: bool


@dataclass(frozen=True)
class CustomerDetails:
    """A customer, its partner, and how many subscriptions it has in each state."""

    customer: Customer
    partner: Partner | None
    subscriptions: dict[State, int]


class Customers:
    """The customers of the catalog."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def list(self, partner: str | None = None, *, limit: int = 50, after: str | None = None) -> CustomerPage:
        """List up to `limit` customers, all or a partner's, in the order of their ids, from behind `after` on."""
        books = await self._sources.books()
        found = await books.catalog.customers(partner=partner, limit=limit + 1, after=after)
        return CustomerPage(tuple(found[:limit]), more=len(found) > limit)

    async def show(self, customer_id: str) -> CustomerDetails:
        """Show a customer. Raises RefusedByRule if it is unknown (ELG-8)."""
        books = await self._sources.books()
        customer = await books.buyer(customer_id)
        partner = await books.catalog.partner(customer.partner)
        return CustomerDetails(customer, partner, await books.catalog.subscriptions_of(customer_id))
