"""What one run of a delivery hands to the next: nothing that an operator has decided is lost between them."""

from collections.abc import Callable
from typing import Any

import pytest
from temporalio import workflow

from activities.notifications.contracts import StreamProgress
from workflows.notifications.messages import Deliver, Stream
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


def test_a_run_that_waits_for_an_operator_goes_on(delivery: DeliveryWorkflow) -> None:
    delivery._notifier.stream = HALTED
    assert not delivery._run_is_long_enough()
    delivery._notifier.stream = HALTED.after(StreamProgress(told=4))
    assert delivery._run_is_long_enough()


def test_a_run_ends_for_another_version_unless_an_operator_is_waited_for(
    delivery: DeliveryWorkflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LongRun, "is_continue_as_new_suggested", lambda _: False)
    assert not delivery._run_is_long_enough()
    monkeypatch.setattr(LongRun, "is_target_worker_deployment_version_changed", lambda _: True)
    assert delivery._run_is_long_enough()
    delivery._notifier.stream = HALTED
    assert not delivery._run_is_long_enough()


@pytest.mark.parametrize(
    ("decided", "handed"),
    [
        (HALTED.again(None), {"told": 3, "afresh": True}),
        (HALTED.again("wingtip"), {"publisher": "wingtip", "told": 3, "afresh": True}),
        (HALTED.skipping(4), {"told": 3, "skip": 4}),
        (HALTED.again("wingtip").after(StreamProgress(told=5)), {"publisher": "wingtip", "told": 5}),
        (HALTED.skipping(4).after(StreamProgress(told=3, publisher="wingtip")), {"publisher": "wingtip", "skip": 4}),
    ],
    ids=["retry", "retry with another publisher", "skip", "carried out", "another publisher by the catalog"],
)
async def test_the_next_run_has_what_the_operator_decided(
    delivery: DeliveryWorkflow, monkeypatch: pytest.MonkeyPatch, decided: Stream, handed: dict[str, Any]
) -> None:
    handed_on: list[Any] = []

    async def wait_condition(awake: Callable[[], bool]) -> None:
        assert awake()

    monkeypatch.setattr(workflow, "wait_condition", wait_condition)
    monkeypatch.setattr(workflow, "continue_as_new", handed_on.append)
    delivery._notifier.stream = decided
    await delivery._deliver()
    assert handed_on == [Deliver.model_validate({**START.model_dump(), **handed})]
    assert DeliveryWorkflow(handed_on[0])._notifier.stream == decided.model_copy(update={"halted": None})


@pytest.mark.parametrize("halted", [None, "The offer's publisher is not contoso."])
def test_nothing_is_left_to_fix_where_nobody_is_notified_any_more(halted: str | None) -> None:
    """The books named nobody while a try was on its way; what came of it is no trouble of anybody's."""
    nobody = HALTED.addressed_to(None)
    assert nobody.after(StreamProgress(told=3, halted=halted)).trouble is None
    assert nobody.not_tried().trouble is None
    assert HALTED.not_tried().trouble == HALTED.halted
