"""What leads from a workflow's page to what belongs to it."""

from workflows.calls.links import links_of, memo_of
from workflows.durable.workflow_ids import account_workflow_id

ACCOUNT = "[account and invoices of fabrikam](/namespaces/shop/workflows/billing-account%3Afabrikam)"


def test_a_subscription_leads_to_its_account_and_its_order() -> None:
    line = links_of("subscription:s-1", "shop", "fabrikam", lambda: memo_of("o-1"))
    assert line == f"**See** {ACCOUNT}, [order:o-1](/namespaces/shop/workflows/order%3Ao-1)."


def test_without_an_order_it_leads_to_the_account() -> None:
    assert links_of("subscription:s-1", "shop", "fabrikam", lambda: memo_of(None)) == f"**See** {ACCOUNT}."


def test_an_account_leads_to_all_of_its_customer() -> None:
    line = links_of(account_workflow_id("fabrikam"), "shop", "fabrikam", dict)
    address = "/namespaces/shop/workflows?query=CustomerId%3D%27fabrikam%27"
    assert line == f"**See** [all workflows of fabrikam]({address})."


def test_what_belongs_to_no_customer_leads_nowhere() -> None:
    assert links_of("price-changes:7", "shop", None, dict) == ""
