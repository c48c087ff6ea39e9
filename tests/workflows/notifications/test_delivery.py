"""What one run of a delivery hands to the next: nothing that an operator has decided is lost between them."""

from collections.abc import Callable
from typing import Any

import pytest
from temporalio import workflow

from activities.notifications.contracts import StreamProgress
from workflows.notifications.messages import Deliver, Stream
from workflows.notifications.notifier import Notifier
from workflows.notifications.workflow import DeliveryWorkflow

START = Deliver(subscription_id="s-1", publisher="contoso", told=3, last=9)
HALTED = Stream(publisher="contoso", told=3, halted="Event 4 is undeliverable.")


class LongRun:
    """As the server describes a run that should end."""

    workflow_id = "delivery:s-1"

    def is_continue_as_new_suggested(self) -> bool:
        return True


@pytest.fixture
def delivery(monkeypatch: pytest.MonkeyPatch) -> DeliveryWorkflow:
    """A delivery whose run is long, without a server."""
    monkeypatch.setattr(workflow, "info", LongRun)
    monkeypatch.setattr(DeliveryWorkflow, "_show", lambda _: None)
    monkeypatch.setattr(Notifier, "begin", lambda _: None)
    return DeliveryWorkflow(START)


@pytest.mark.parametrize(
    "decided", [HALTED, HALTED.again(None), HALTED.again("wingtip"), HALTED.skipping(4)], ids=["none", "a", "b", "c"]
)
def test_a_decision_is_carried_out_before_the_next_run(delivery: DeliveryWorkflow, decided: Stream) -> None:
    delivery._notifier.stream = decided
    assert not delivery._run_is_long_enough()
    delivery._notifier.stream = decided.after(StreamProgress(told=4))
    assert delivery._run_is_long_enough()


async def test_the_next_run_tells_whom_the_operator_named(
    delivery: DeliveryWorkflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_on: list[Any] = []

    async def wait_condition(awake: Callable[[], bool]) -> None:
        assert awake()

    monkeypatch.setattr(workflow, "wait_condition", wait_condition)
    monkeypatch.setattr(workflow, "continue_as_new", handed_on.append)
    delivery._notifier.stream = HALTED.again("wingtip").after(StreamProgress(told=5))
    await delivery.run(START)
    assert handed_on == [Deliver(subscription_id="s-1", publisher="wingtip", told=5, last=9)]
