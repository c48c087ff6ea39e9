"""When a run hands over to a new one."""

from types import SimpleNamespace
from typing import Any

import pytest
from temporalio import workflow

from workflows.durable import options
from workflows.durable.cancellation import Parts
from workflows.durable.inbox import Inbox
from workflows.durable.operator import Operator
from workflows.durable.run_budget import RunBudget


@pytest.fixture
def suggested(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the server suggests a new run."""
    told = [False]
    monkeypatch.setattr(workflow, "info", lambda: SimpleNamespace(is_continue_as_new_suggested=lambda: told[0]))
    return told


@pytest.fixture
def inbox() -> Inbox[Any]:
    return Inbox({}, lambda name, request: None, lambda name, reason: None, Parts())


def test_after_so_many_periods(suggested: list[bool], inbox: Inbox[Any]) -> None:
    budget = RunBudget(3, inbox)
    budget.spend(2)
    assert not budget.spent
    budget.spend()
    assert budget.spent


def test_after_too_many_signals(suggested: list[bool], inbox: Inbox[Any]) -> None:
    budget = RunBudget(3, inbox)
    inbox.received = options.SIGNALS_PER_RUN - 1
    assert not budget.spent
    inbox.received += 1
    assert budget.spent


def test_when_the_server_suggests_it(suggested: list[bool], inbox: Inbox[Any]) -> None:
    suggested[0] = True
    assert RunBudget(3, inbox).spent


def test_when_an_operator_wants_it(suggested: list[bool], inbox: Inbox[Any]) -> None:
    budget = RunBudget(3, inbox)
    budget.check_migrate(Operator(by="global_admin"))
    assert budget.migrate(Operator(by="global_admin")) == "Continues as new as soon as no effect is waiting."
    assert budget.new_run_wanted
    assert budget.spent
