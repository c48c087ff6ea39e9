"""The books: everything that Perennial keeps in SQL, by noun."""

from dataclasses import dataclass

from activities.accounts.contracts import IssuedNote
from activities.billing.contracts import ListedSubscription
from activities.environment import EnvironmentBook
from activities.figures import BookFigures
from activities.found import SearchBook
from activities.notifications.ports import PublisherBook
from activities.prices.ports import PriceBook
from domain.account.invoice import Invoice
from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Customer
from domain.next_step import Do, NextStep, PerennialError, RefusedByRule
from domain.ordering.eligibility import CHOOSE_OFFER, IMPORT_CUSTOMER, unknown_customer, unknown_offer
from perennial.sources.account import AccountAuditor, AccountReader
from perennial.sources.bulk import BulkBook
from perennial.sources.catalog import CatalogBook, Holdings
from perennial.sources.notifications import NotificationReader, PublisherRequests
from perennial.sources.order import Carts, OrderReader, SetupLinks
from perennial.sources.portfolio import Portfolio
from perennial.sources.reconciliation import Backfill, WorkflowBook
from perennial.sources.subscription import SubscriptionAuditor, SubscriptionReader, UsageBook
from perennial.sources.takeover import TakeoverBook
from statemachines.account.standing import Standing


class NotInBooks(PerennialError):
    """The books do not have this subscription, invoice or customer."""


def unknown_to_books(subscription_id: str) -> NotInBooks:
    """The error for a subscription that the books do not have."""
    return NotInBooks(f"There is no subscription {subscription_id}.", NextStep(Do.LIST_SUBSCRIPTIONS))


@dataclass(frozen=True)
class Books:
    """The database of one installation."""

    environment: EnvironmentBook
    subscriptions: SubscriptionReader
    portfolio: Portfolio
    usage: UsageBook
    accounts: AccountReader
    catalog: CatalogBook
    prices: PriceBook
    bulks: BulkBook
    holdings: Holdings
    carts: Carts
    orders: OrderReader
    setup_links: SetupLinks
    notifications: NotificationReader
    publishers: PublisherBook
    publisher_requests: PublisherRequests
    subscription_auditor: SubscriptionAuditor
    account_auditor: AccountAuditor
    workflows: WorkflowBook
    backfill: Backfill
    takeovers: TakeoverBook
    figures: BookFigures
    search: SearchBook

    async def known(self, subscription_id: str) -> ListedSubscription:
        """The subscription as its last event left it. Raises NotInBooks."""
        listed = await self.subscriptions.listed(subscription_id)
        if listed is None:
            raise unknown_to_books(subscription_id)
        return listed

    async def invoice(self, invoice_id: str) -> tuple[Invoice, Standing]:
        """The invoice and its status. Raises NotInBooks."""
        found = await self.accounts.invoice(invoice_id)
        if found is None:
            raise NotInBooks(f"There is no invoice {invoice_id}.", NextStep(Do.LIST_INVOICES))
        return found

    async def credit_note(self, note_id: str) -> IssuedNote:
        """The credit note of that number. Raises NotInBooks."""
        found = await self.accounts.credit_note(note_id)
        if found is None:
            raise NotInBooks(f"There is no credit note {note_id}.", NextStep(Do.LIST_INVOICES))
        return found

    async def require_purchase(self, customer_id: str) -> None:
        """Raises NotInBooks if the customer has not bought anything yet."""
        if not await self.subscriptions.subscriptions(customer=customer_id, limit=1):
            message = f"There is no subscription of customer {customer_id}."
            raise NotInBooks(message, NextStep(Do.LIST_CUSTOMERS))

    async def buyer(self, customer_id: str) -> Customer:
        """The customer's record. Raises RefusedByRule for an unknown customer (ELG-8)."""
        customer = await self.catalog.customer(customer_id)
        if customer is None:
            refusal = unknown_customer(customer_id)
            raise RefusedByRule(refusal.rule, refusal.message, IMPORT_CUSTOMER)
        return customer

    async def sold(self, offer_id: str) -> ListedOffer:
        """The catalog's offer. Raises RefusedByRule for an unknown offer (ELG-6)."""
        offer = await self.catalog.offer(offer_id)
        if offer is None:
            refusal = unknown_offer(offer_id)
            raise RefusedByRule(refusal.rule, refusal.message, CHOOSE_OFFER)
        return offer
