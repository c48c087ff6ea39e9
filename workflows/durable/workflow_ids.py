"""The ids of workflows. Each is made from the key of what the workflow owns, and belongs to it for ever."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError


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


def check_workflow_id(expected: str, field: str) -> None:
    """Fail a start whose `field` names another workflow than the one that it starts.

    Raises ApplicationError of type `Malformed`.
    """
    if workflow.info().workflow_id == expected:
        return
    prefix, _, key = expected.partition(":")
    words = f"{field}: got {key}; must equal the workflow id after the `{prefix}:` prefix"
    raise ApplicationError(f"Malformed request: {words}", type="Malformed", non_retryable=True)
