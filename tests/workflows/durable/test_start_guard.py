"""A start that is not exactly one request, about its own workflow, fails in one line."""

from types import SimpleNamespace

import pytest
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows.durable.arguments import check_workflow_id, one_request
from workflows.durable.clock import TestClock
from workflows.durable.operator import Operator
from workflows.durable.workflow_ids import order_workflow_id


class Started:
    """Takes one of two requests."""

    @one_request
    def __init__(self, start: TestClock | Operator) -> None:
        self.start = start


@pytest.mark.parametrize("start", [TestClock(), Operator(by="system")])
def test_one_request_of_those_that_it_takes(start: TestClock | Operator) -> None:
    assert Started(start).start is start


@pytest.mark.parametrize(
    ("args", "came"), [((), "0 arguments"), ((TestClock(), 1), "2 arguments"), ((None,), "NoneType")]
)
def test_anything_else_fails_in_one_line(args: tuple[object, ...], came: str) -> None:
    with pytest.raises(ApplicationError, match=f"a start takes one argument, a mapping of its fields; it got {came}"):
        Started(*args)


def test_a_request_about_another_workflow_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "info", lambda: SimpleNamespace(workflow_id="order:o-1"))
    check_workflow_id(order_workflow_id("o-1"), "request.order_id")
    words = "request.order_id: got o-2; must equal the workflow id after the `order:` prefix"
    with pytest.raises(ApplicationError, match=words):
        check_workflow_id(order_workflow_id("o-2"), "request.order_id")
