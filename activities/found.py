"""What a search finds in the books, by noun."""

from enum import StrEnum
from typing import Protocol

from domain.account.invoice import InvoiceId, InvoiceState
from domain.money import Money
from domain.subscription.events import State
from domain.values import Frozen, Instant


class Noun(StrEnum):
    """What has ids that people type."""

    BULK = "bulk"
    CUSTOMER = "customer"
    INVOICE = "invoice"
    OFFER = "offer"
    ORDER = "order"
    SUBSCRIPTION = "subscription"


class FoundCustomer(Frozen):
    """A customer's record."""

    customer_id: str
    name: str


class FoundSubscription(Frozen):
    """A subscription, ended or not."""

    subscription_id: str
    customer_id: str
    offer_id: str
    state: State


class FoundInvoice(Frozen):
    """An invoice, and what was due on it."""

    invoice: InvoiceId
    customer_id: str
    state: InvoiceState
    due: Money


class FoundOrder(Frozen):
    """An order."""

    order_id: str
    customer_id: str
    ordered_at: Instant


class Found(Frozen):
    """What was found of each noun, the best matches first. `more` names the nouns of which not all are here."""

    customers: tuple[FoundCustomer, ...] = ()
    subscriptions: tuple[FoundSubscription, ...] = ()
    invoices: tuple[FoundInvoice, ...] = ()
    orders: tuple[FoundOrder, ...] = ()
    more: tuple[str, ...] = ()


class SearchBook(Protocol):
    """Searches the books."""

    async def find(self, text: str, limit: int) -> Found:
        """Return at most `limit` of each noun, those whose ids begin with the text first."""
