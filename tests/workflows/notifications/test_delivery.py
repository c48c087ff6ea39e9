"""What one run of a delivery hands to the next: nothing that an operator has decided is lost between them."""

from collections.abc import Callable
from typing import Any

import pytest
from temporalio import workflow

from activities.notifications.contracts import StreamProgress
from workflows.notifications.messages import ContinuedDelivery, Deliver, Stream
from workflows.notifications.workflow import DeliveryWorkflow

START = Deliver(subscription_id="s-1", publisher="contoso", told=3, last=9)
HALTED = Stream(publisher="contoso", told=3, halted="Event 4 is undeliverable.")


class LongRun:
    """As the server describes a run that should end."""

    workflow_id = "delivery:s-1"

    def is_continue_as_new_suggested(self) -> bool:
        return True

    def is_target_worker_deployment_version_changed(self) -> bool:
        return False

    def get_current_deployment_version(self) -> None:
        return None


@pytest.fixture
def delivery(monkeypatch: pytest.MonkeyPatch) -> DeliveryWorkflow:
    """A delivery whose run is long, without a server."""
    monkeypatch.setattr(workflow, "info", LongRun)
    monkeypatch.setattr(DeliveryWorkflow, "_show", lambda _: None)
    return DeliveryWorkflow(START)


@pytest.mark.parametrize(
    "stream",
    [
        HALTED,
        HALTED.again(None),
        HALTED.again("wingtip"),
        HALTED.skipping(4),
        HALTED.again("wingtip").after(StreamProgress(told=5)),
        HALTED.skipping(4).after(StreamProgress(told=3, publisher="wingtip")),
    ],
    ids=["waiting", "retry", "retry with another publisher", "skip", "carried out", "another publisher by the catalog"],
)
async def test_the_next_run_goes_on_where_this_one_stands(
    delivery: DeliveryWorkflow, monkeypatch: pytest.MonkeyPatch, stream: Stream
) -> None:
    """What an operator has decided goes along, and so does the wait for one: the event is not tried once more."""
    handed_on: list[Any] = []

    async def wait_condition(awake: Callable[[], bool]) -> None:
        assert awake()

    monkeypatch.setattr(workflow, "wait_condition", wait_condition)
    monkeypatch.setattr(workflow, "continue_as_new", handed_on.append)
    delivery._notifier.stream = stream
    await delivery._deliver()
    assert handed_on == [ContinuedDelivery(subscription_id="s-1", last=9, stream=stream)]
    assert DeliveryWorkflow(handed_on[0])._notifier.stream == stream


@pytest.mark.parametrize("halted", [None, "The offer's publisher is not contoso."])
def test_nothing_is_left_to_fix_where_nobody_is_notified_any_more(halted: str | None) -> None:
    """The books named nobody while a try was on its way; what came of it is no trouble of anybody's."""
    nobody = HALTED.addressed_to(None)
    assert nobody.after(StreamProgress(told=3, halted=halted)).trouble is None
    assert nobody.not_tried().trouble is None
    assert HALTED.not_tried().trouble == HALTED.halted
