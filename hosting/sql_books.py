"""The books in SQL: the one module that names the adapters behind the use cases' ports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from activities.adapters.sql.account.auditor import SqlAccountAuditor
from activities.adapters.sql.account.reader import SqlAccountReader
from activities.adapters.sql.bulk.book import SqlBulks
from activities.adapters.sql.catalog.catalog import SqlCatalog
from activities.adapters.sql.catalog.price_book import SqlPriceBook
from activities.adapters.sql.database import Database
from activities.adapters.sql.environment import SqlEnvironment
from activities.adapters.sql.notifications.notifications import SqlNotifications
from activities.adapters.sql.notifications.publisher_requests import SqlPublisherRequests
from activities.adapters.sql.notifications.publishers import SqlPublishers
from activities.adapters.sql.orders.carts import SqlCarts
from activities.adapters.sql.orders.orders import SqlOrders
from activities.adapters.sql.orders.setup_links import SqlSetupLinks
from activities.adapters.sql.reconciliation.backfill import SqlBackfill
from activities.adapters.sql.reconciliation.booked import SqlWorkflowBook
from activities.adapters.sql.reconciliation.figures import SqlFigures
from activities.adapters.sql.schema import check_schema
from activities.adapters.sql.search import SqlSearch
from activities.adapters.sql.subscription.auditor import SqlAuditor
from activities.adapters.sql.subscription.books import SqlBooks
from activities.adapters.sql.subscription.holdings import SqlHoldings
from activities.adapters.sql.subscription.portfolio import SqlPortfolio
from activities.adapters.sql.subscription.reader import SqlReader
from activities.adapters.sql.takeover.takeovers import SqlTakeovers
from activities.settings import Settings
from activities.wall_clock import wall_clock
from hosting.gateway.authentication import KEPT
from perennial.sources.books import Books


def books_in(database: Database) -> Books:
    """The books in that database."""
    return Books(
        environment=SqlEnvironment(database, wall_clock),
        subscriptions=SqlReader(database),
        portfolio=SqlPortfolio(database),
        usage=SqlBooks(database),
        accounts=SqlAccountReader(database),
        catalog=SqlCatalog(database),
        prices=SqlPriceBook(database),
        bulks=SqlBulks(database),
        holdings=SqlHoldings(database),
        carts=SqlCarts(database),
        orders=SqlOrders(database),
        setup_links=SqlSetupLinks(database),
        notifications=SqlNotifications(database),
        publishers=SqlPublishers(database),
        publisher_requests=SqlPublisherRequests(database, KEPT),
        subscription_auditor=SqlAuditor(database),
        account_auditor=SqlAccountAuditor(database),
        workflows=SqlWorkflowBook(database),
        backfill=SqlBackfill(database),
        takeovers=SqlTakeovers(database),
        figures=SqlFigures(database),
        search=SqlSearch(database),
    )


@asynccontextmanager
async def opened_books(settings: Settings) -> AsyncIterator[Books]:
    """The database that the settings name. Its schema is checked; it is neither made nor upgraded.

    Raises SchemaMismatch or BooksUnavailable.
    """
    async with Database(settings.database_url, busy_timeout=settings.busy_timeout) as database:
        await check_schema(database)
        yield books_in(database)
