"""A purchase that nobody can read fails at once, in one line: it is no subscription, and nothing is written."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError

from hosting.assembly import World
from tests.support.live.purchases import Buy, order
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.subscription.forecast import WhatIf
from workflows.subscription.messages import Purchase

pytestmark = pytest.mark.live


def purchase(**changes: Any) -> dict[str, Any]:
    """A sound purchase as JSON, with its order's fields changed."""
    sound = Purchase(order=order(subscription_id="malformed")).model_dump(mode="json")
    return {**sound, "order": {**sound["order"], **changes}}


BAD_STARTS = [
    ({**purchase(), "spread_seconds": 301}, "spread_seconds: got 301; takes 300 or less"),
    ({**purchase(), "spread_seconds": -1}, "spread_seconds: got -1; takes 0 or more"),
    (5, "Malformed request"),
    ({}, "Malformed request"),
    ({"order": {}}, "offer: got nothing; takes a value"),
    (purchase(quantity=0), "quantity: got 0; takes 1 or more"),
    (purchase(policy="csp-2050"), "order.policy: got 'csp-2050'; takes one of csp-2019"),
    (purchase(at="9999-01-01T00:00:00Z"), "takes an instant from the year 1900 to 9900"),
    (purchase(subscription_id="another"), "order.subscription_id: got another"),
    (purchase(offer={**purchase()["order"]["offer"], "unit_price": "1.2345678"}), "unit_price: got '1.2345678'"),
]


@pytest.mark.parametrize(("start", "words"), BAD_STARTS)
async def test_a_malformed_start_fails_in_one_line(world: World, start: Any, words: str) -> None:
    handle = await world.server.client.start_workflow(
        "SubscriptionWorkflow", start, id=subscription_workflow_id("malformed"), task_queue="perennial"
    )
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result(rpc_timeout=timedelta(seconds=20))
    message = str(caught.value.cause)
    assert words in message
    assert "\n" not in message
    assert (await handle.describe()).status is WorkflowExecutionStatus.FAILED
    assert await world.books.subscriptions.events("malformed") == []


async def test_a_forecast_that_is_too_far_ahead_is_refused(world: World, buy: Buy) -> None:
    bought = await buy()
    far = WhatIf(until=datetime.fromisoformat("2190-01-01T00:00:00Z"))
    with pytest.raises(Exception, match="takes an instant within 50 years"):
        await world.server.subscriptions.what_if(bought.id, far)
