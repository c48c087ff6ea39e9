"""Everything that is public, page by page. Whatever is added here is published, and locked from then on."""

from collections.abc import Mapping

from activities.notifications.dialect_microsoft import SaasNotification
from activities.notifications.dialect_perennial import SubscriptionNotification
from workflows.account.messages import ACCOUNT_SIGNALS, ACCOUNT_UPDATES, StartAccount
from workflows.account.workflow import BillingAccountWorkflow
from workflows.bulk.messages import BULK_UPDATES, StartBulk
from workflows.bulk.workflow import BulkWorkflow
from workflows.contract.interface import Interface, Kind, Message, first_line, of_workflow
from workflows.nexus.messages import OPERATIONS
from workflows.notifications.messages import DELIVERY_UPDATES, Deliver
from workflows.notifications.workflow import DeliveryWorkflow
from workflows.order.messages import PlaceOrder
from workflows.order.workflow import OrderWorkflow
from workflows.price_changes.messages import PRICE_CHANGE_UPDATES, TellPrices
from workflows.price_changes.workflow import PriceChangeWorkflow
from workflows.subscription.messages import SIGNALS, UPDATES, Purchase, Rebuild
from workflows.subscription.rebuild import SubscriptionRebuild
from workflows.subscription.workflow import SubscriptionWorkflow

DOCUMENTS: Mapping[str, type] = {
    "notification-perennial": SubscriptionNotification,
    "notification-microsoft": SaasNotification,
}
"""The documents that Perennial sends unprompted (webhooks), by name, and the model of each."""


def interfaces(documents: Mapping[str, type] = DOCUMENTS) -> tuple[Interface, ...]:
    """The contract as the code has it now."""
    operations = tuple(
        Message(Kind.OPERATION, name, first_line(takes), takes, gives) for name, (takes, gives) in OPERATIONS.items()
    )
    sent = tuple(
        Message(Kind.DOCUMENT, name, first_line(model), gives=model) for name, model in sorted(documents.items())
    )
    found = (
        of_workflow(
            SubscriptionWorkflow,
            "subscription:{subscription_id}",
            "One subscription, from purchase to its end.",
            start=Purchase,
            updates=UPDATES,
            signals=SIGNALS,
            queries=("details", "timeline", "events", "answer", "preview", "what_if", "life"),
        ),
        of_workflow(
            SubscriptionRebuild,
            "subscription:{subscription_id}",
            "Starts a subscription whose workflow is gone again from the books, and goes on as its workflow.",
            start=Rebuild,
            slug="subscription-rebuild",
        ),
        of_workflow(
            BillingAccountWorkflow,
            "billing-account:{customer_id}",
            "One customer's account: months, invoices, payments.",
            start=StartAccount,
            updates=ACCOUNT_UPDATES,
            signals=ACCOUNT_SIGNALS,
            queries=("details", "timeline", "events", "life"),
        ),
        of_workflow(
            OrderWorkflow,
            "order:{order_id}",
            "Buys one order. Sent again, it retries the lines that were refused.",
            start=PlaceOrder,
            queries=("order", "request"),
        ),
        of_workflow(
            PriceChangeWorkflow,
            "price-changes:{version}",
            "Sends the prices of one catalog version to subscriptions.",
            start=TellPrices,
            updates=PRICE_CHANGE_UPDATES,
            queries=("progress",),
        ),
        of_workflow(
            BulkWorkflow,
            "bulk:{bulk_id}",
            "Carries out one bulk operation of the books, batch by batch.",
            start=StartBulk,
            updates=BULK_UPDATES,
            queries=("progress",),
        ),
        of_workflow(
            DeliveryWorkflow,
            "delivery:{subscription_id}",
            "Sends the last notifications of a subscription that has ended.",
            start=Deliver,
            updates=DELIVERY_UPDATES,
            queries=("stream",),
        ),
        Interface(
            "nexus-subscriptions",
            "Nexus service subscriptions",
            "subscriptions",
            "Subscriptions as operations for workflows in other namespaces.",
            operations,
        ),
        Interface("documents", "Documents", "", "What Perennial sends unprompted (webhooks).", sent),
    )
    return found if documents else found[:-1]
