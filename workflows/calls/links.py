"""What leads from a workflow's page in the Web UI to those of its customer and its order."""

from collections.abc import Callable, Mapping
from typing import Any

from workflows.durable.workflow_ids import account_workflow_id, order_workflow_id

BOUGHT_BY = "bought_by"
"""The entry of a subscription's memo that names the workflow of its order; each run hands it to the next."""


def memo_of(order_id: str | None) -> dict[str, str]:
    """The entry; none where no order bought it."""
    return {BOUGHT_BY: order_workflow_id(order_id)} if order_id else {}


def links_of(workflow_id: str, namespace: str, customer_id: str | None, memo: Callable[[], Mapping[str, Any]]) -> str:
    """A line of Markdown; empty where nothing is known. Paths are those of the Web UI on its own host."""
    if customer_id is None:
        return ""
    found = []
    account = account_workflow_id(customer_id)
    if workflow_id == account:
        query = f"CustomerId%3D%27{customer_id}%27"
        found.append(f"[all workflows of {customer_id}](/namespaces/{namespace}/workflows?query={query})")
    else:
        found.append(f"[account and invoices of {customer_id}]({_page(namespace, account)})")
    if bought_by := memo().get(BOUGHT_BY):
        found.append(f"[{bought_by}]({_page(namespace, str(bought_by))})")
    return f"**See** {', '.join(found)}."


def _page(namespace: str, workflow_id: str) -> str:
    # An id has no other character that an address has to escape.
    return f"/namespaces/{namespace}/workflows/{workflow_id.replace(':', '%3A')}"
