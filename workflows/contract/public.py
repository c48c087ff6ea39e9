"""Everything that is public, page by page. Whatever is added here is published, and locked from then on."""

from collections.abc import Mapping

from activities.notifications.dialect_microsoft import SaasNotification
from activities.notifications.dialect_perennial import SubscriptionNotification
from activities.orders.contracts import PlacedOrder
from workflows.account.messages import ACCOUNT_QUERIES, ACCOUNT_SIGNALS, ACCOUNT_UPDATES, AccountClosed, StartAccount
from workflows.account.workflow import BillingAccountWorkflow
from workflows.contract.interface import Interface, Kind, Message, first_line, queries, signals, updates
from workflows.nexus.messages import OPERATIONS
from workflows.notifications.messages import DELIVERY_QUERIES, NOTIFICATION_UPDATES, Deliver, Stream
from workflows.notifications.workflow import DeliveryWorkflow
from workflows.order.messages import ORDER_QUERIES, PlaceOrder
from workflows.order.workflow import OrderWorkflow
from workflows.price_changes.messages import PRICE_QUERIES, PriceProgress, TellPrices
from workflows.price_changes.workflow import PriceChangeWorkflow
from workflows.subscription.messages import QUERIES, SIGNALS, UPDATES, Ended, Purchase
from workflows.subscription.workflow import SubscriptionWorkflow

DOCUMENTS: Mapping[str, type] = {
    "notification-perennial": SubscriptionNotification,
    "notification-microsoft": SaasNotification,
}
"""The documents that Perennial sends unprompted (webhooks), by name, and the model of each."""

STATE = frozenset({"life"})
"""Queries that return the whole state, whose fields change with the code."""


def interfaces(documents: Mapping[str, type] = DOCUMENTS) -> tuple[Interface, ...]:
    """The contract as the code has it now."""
    found = [
        Interface(
            "subscription",
            SubscriptionWorkflow.__name__,
            "subscription:{subscription_id}",
            "One subscription, from purchase to its end.",
            (
                Message(Kind.START, "start", first_line(Purchase), Purchase, Ended),
                *updates(SubscriptionWorkflow, UPDATES),
                *signals(SIGNALS),
                *queries(SubscriptionWorkflow, QUERIES, STATE),
            ),
        ),
        Interface(
            "billing-account",
            BillingAccountWorkflow.__name__,
            "billing-account:{customer_id}",
            "One customer's account: months, invoices, payments.",
            (
                Message(Kind.START, "start", first_line(StartAccount), StartAccount, AccountClosed),
                *updates(BillingAccountWorkflow, ACCOUNT_UPDATES),
                *signals(ACCOUNT_SIGNALS),
                *queries(BillingAccountWorkflow, ACCOUNT_QUERIES, STATE),
            ),
        ),
        Interface(
            "order",
            OrderWorkflow.__name__,
            "order:{order_id}",
            "Buys one order. Sent again, it retries the lines that were refused.",
            (
                Message(Kind.START, "start", first_line(PlaceOrder), PlaceOrder, PlacedOrder),
                *queries(OrderWorkflow, ORDER_QUERIES, STATE),
            ),
        ),
        Interface(
            "price-changes",
            PriceChangeWorkflow.__name__,
            "price-changes:{version}",
            "Sends the prices of one catalog version to subscriptions.",
            (
                Message(Kind.START, "start", first_line(TellPrices), TellPrices, PriceProgress),
                *queries(PriceChangeWorkflow, PRICE_QUERIES, STATE),
            ),
        ),
        Interface(
            "delivery",
            DeliveryWorkflow.__name__,
            "delivery:{subscription_id}",
            "Sends the last notifications of a subscription that has ended.",
            (
                Message(Kind.START, "start", first_line(Deliver), Deliver, Stream),
                *updates(DeliveryWorkflow, NOTIFICATION_UPDATES),
                *queries(DeliveryWorkflow, DELIVERY_QUERIES, STATE),
            ),
        ),
        Interface(
            "nexus-subscriptions",
            "Nexus service subscriptions",
            "subscriptions",
            "Subscriptions as operations for workflows in other namespaces.",
            tuple(
                Message(Kind.OPERATION, name, first_line(takes), takes, gives)
                for name, (takes, gives) in OPERATIONS.items()
            ),
        ),
    ]
    if documents:
        sent = tuple(
            Message(Kind.DOCUMENT, name, first_line(model), gives=model) for name, model in sorted(documents.items())
        )
        found.append(Interface("documents", "Documents", "", "What Perennial sends unprompted (webhooks).", sent))
    return tuple(found)
