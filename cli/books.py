"""The books: catalog, carts, orders, journal and ledger, opened to read or to take what belongs beside a purchase."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from activities.adapters.sql.account.auditor import SqlAccountAuditor
from activities.adapters.sql.account.reader import SqlAccountReader
from activities.adapters.sql.catalog.catalog import SqlCatalog
from activities.adapters.sql.catalog.price_book import SqlPriceBook
from activities.adapters.sql.database import Database
from activities.adapters.sql.notifications.notifications import SqlNotifications
from activities.adapters.sql.orders.carts import SqlCarts
from activities.adapters.sql.orders.orders import SqlOrders
from activities.adapters.sql.orders.setup_links import SqlSetupLinks
from activities.adapters.sql.schema import check_schema
from activities.adapters.sql.subscription.auditor import SqlAuditor
from activities.adapters.sql.subscription.books import SqlBooks
from activities.adapters.sql.subscription.holdings import SqlHoldings
from activities.adapters.sql.subscription.reader import SqlReader
from activities.billing.contracts import ListedSubscription
from activities.settings import Settings
from cli.failure import Failure
from cli.printing.rule_words import refused_by
from domain.account.invoice import Invoice
from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Customer
from domain.ordering.eligibility import Refusal, unknown_customer, unknown_offer
from statemachines.account.standing import Standing


@dataclass(frozen=True)
class Books:
    """The database, from each of its sides."""

    reader: SqlReader
    accounts: SqlAccountReader
    writer: SqlBooks
    catalog: SqlCatalog
    carts: SqlCarts
    orders: SqlOrders
    holdings: SqlHoldings
    prices: SqlPriceBook
    setup_links: SqlSetupLinks
    notifications: SqlNotifications
    auditor: SqlAuditor
    account_auditor: SqlAccountAuditor

    async def known(self, subscription_id: str) -> ListedSubscription:
        """The subscription as its last event left it. Raises Failure where the books do not know it."""
        listed = await self.reader.listed(subscription_id)
        if listed is None:
            raise Failure(f"The books know no subscription {subscription_id}; see: starter.py list")
        return listed

    async def invoice(self, invoice_id: str) -> tuple[Invoice, Standing]:
        """The invoice and how it stands. Raises Failure where the books do not know it."""
        found = await self.accounts.invoice(invoice_id)
        if found is None:
            raise Failure(f"The books know no invoice {invoice_id}; see: starter.py invoice list")
        return found

    async def billed(self, customer_id: str) -> None:
        """Raises Failure where the customer has bought nothing yet."""
        if not await self.reader.subscriptions(customer=customer_id, limit=1):
            raise Failure(f"The books know no subscription of customer {customer_id}; see: starter.py customer list")

    async def buyer(self, customer_id: str) -> Customer:
        """The customer's record. Raises Failure where there is none (ELG-8)."""
        customer = await self.catalog.customer(customer_id)
        if customer is None:
            raise refused(unknown_customer(customer_id), "Import the record first: starter.py catalog import.")
        return customer

    async def sold(self, offer_id: str) -> ListedOffer:
        """The catalog's offer. Raises Failure where it holds none of that id."""
        offer = await self.catalog.offer(offer_id)
        if offer is None:
            raise refused(unknown_offer(offer_id), "See what there is: starter.py catalog list.")
        return offer


def refused(refusal: Refusal, next_step: str | None = None) -> Failure:
    """Return the failure that shows a refusal, with `next_step` in place of the refusal's own."""
    return Failure(refused_by(refusal.rule, f"{refusal.message} {next_step or refusal.next_step}"))


@asynccontextmanager
async def opened_books() -> AsyncIterator[Books]:
    """The database that the settings name. It is checked, and neither made nor upgraded here."""
    settings = Settings.load()
    async with Database(settings.database_url, busy_timeout=settings.busy_timeout) as database:
        await check_schema(database)
        yield Books(
            reader=SqlReader(database),
            accounts=SqlAccountReader(database),
            writer=SqlBooks(database),
            catalog=SqlCatalog(database),
            carts=SqlCarts(database),
            orders=SqlOrders(database),
            holdings=SqlHoldings(database),
            prices=SqlPriceBook(database),
            setup_links=SqlSetupLinks(database),
            notifications=SqlNotifications(database),
            auditor=SqlAuditor(database),
            account_auditor=SqlAccountAuditor(database),
        )
