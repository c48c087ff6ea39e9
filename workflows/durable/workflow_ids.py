"""The ids of workflows. Each is made from the key of what the workflow owns, and belongs to it for ever."""


def subscription_workflow_id(subscription_id: str) -> str:
    """The workflow that owns the subscription."""
    return f"subscription:{subscription_id}"


def account_workflow_id(customer_id: str) -> str:
    """The workflow that owns the customer's billing account."""
    return f"billing-account:{customer_id}"


def order_workflow_id(order_id: str) -> str:
    """The workflow that buys the order, each time that it is sent."""
    return f"order:{order_id}"


def price_workflow_id(version: int) -> str:
    """The workflow that sends the prices of the catalog version to subscriptions."""
    return f"price-changes:{version}"


def delivery_workflow_id(subscription_id: str) -> str:
    """The workflow that sends the last notifications of a subscription that has ended."""
    return f"delivery:{subscription_id}"


def bulk_workflow_id(bulk_id: str) -> str:
    """The workflow that carries out the bulk operation."""
    return f"bulk:{bulk_id}"
