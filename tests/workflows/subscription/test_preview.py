"""Between its tasks a workflow does not know the time: a preview is as of its sender's clock."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.catalog.offers import Offer
from domain.ordering.terms import Order
from domain.subscription.commands import Cancel
from domain.subscription.decision import Outcome
from domain.subscription.holds import Reason
from workflows.guard.converter import DATA_CONVERTER
from workflows.subscription.messages import Purchase
from workflows.subscription.workflow import SubscriptionWorkflow

OFFER = {
    "id": "contoso-crm",
    "term": "P1M",
    "billing_plan": "monthly",
    "currency": "USD",
    "unit_price": "10.00",
    "trial_days": 0,
}
BOUGHT = datetime(2027, 1, 31, 9, tzinfo=UTC)
INSIDE, AFTER = BOUGHT + timedelta(hours=1), BOUGHT + timedelta(days=10)


@pytest.fixture
def bought(monkeypatch: pytest.MonkeyPatch) -> SubscriptionWorkflow:
    """A subscription whose last task was at its purchase."""
    info = SimpleNamespace(
        workflow_id="subscription:s-1", run_id="a-run", is_target_worker_deployment_version_changed=lambda: False
    )
    monkeypatch.setattr(workflow, "info", lambda: info)
    monkeypatch.setattr(workflow, "now", lambda: BOUGHT)
    offer = Offer.model_validate(OFFER, strict=False)
    order = Order(subscription_id="s-1", customer="fabrikam", offer=offer, at=BOUGHT, quantity=3)
    return SubscriptionWorkflow(Purchase(order=order))


@pytest.mark.parametrize(
    ("as_of", "outcome"),
    [
        (None, Outcome.CANCELLED_WITH_CREDIT),
        (INSIDE, Outcome.CANCELLED_WITH_CREDIT),
        (AFTER, Outcome.CANCELLATION_SCHEDULED),
    ],
)
def test_a_preview_is_as_of_the_senders_clock(
    bought: SubscriptionWorkflow, as_of: datetime | None, outcome: Outcome
) -> None:
    """CXL-2, CXL-3: inside the window for credit, after it at renewal."""
    before = bought.life()
    answer = bought.preview(Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), as_of)
    assert (answer.outcome, answer.at) == (outcome, as_of or BOUGHT)
    assert bought.life() == before


def test_without_a_clock_the_sdk_passes_the_bare_json(
    bought: SubscriptionWorkflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ignores the types of a handler that is called without its optional argument."""
    monkeypatch.setattr(workflow, "payload_converter", lambda: DATA_CONVERTER.payload_converter)
    asked: Any = {"do": "cancel", "by": "admin_agent", "reason": "customer_request"}
    assert bought.preview(asked).outcome is Outcome.CANCELLED_WITH_CREDIT
    for malformed in ({**asked, "reason": "whim"}, {**asked, "more": 1}, {}, "x", None, b"x", [asked]):
        bare: Any = malformed
        with pytest.raises(ApplicationError, match="^Malformed: Malformed request: "):
            bought.preview(bare)


def test_a_command_that_says_when_is_previewed_then(bought: SubscriptionWorkflow) -> None:
    answer = bought.preview(Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST, at=AFTER), INSIDE)
    assert answer.at == AFTER
