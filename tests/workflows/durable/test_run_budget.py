"""When a run hands over to a new one."""

from types import SimpleNamespace
from typing import Any

import pytest
from temporalio import workflow

from workflows.durable import options
from workflows.durable.cancellation import Parts
from workflows.durable.inbox import Inbox
from workflows.durable.new_run import RunBudget
from workflows.durable.operator import Operator


@pytest.fixture
def suggested() -> list[bool]:
    """Whether the server suggests a new run."""
    return [False]


@pytest.fixture
def elsewhere() -> list[bool]:
    """Whether the server wants the workflow on another version."""
    return [False]


@pytest.fixture(autouse=True)
def _info(monkeypatch: pytest.MonkeyPatch, suggested: list[bool], elsewhere: list[bool]) -> None:
    info = SimpleNamespace(
        is_continue_as_new_suggested=lambda: suggested[0],
        is_target_worker_deployment_version_changed=lambda: elsewhere[0],
        get_current_history_length=lambda: 3,
    )
    monkeypatch.setattr(workflow, "info", lambda: info)
    monkeypatch.setattr(workflow, "patched", lambda name: True)


@pytest.fixture
def inbox() -> Inbox[Any]:
    return Inbox({}, lambda name, request: None, lambda name, reason: None, Parts())


def budget_of(inbox: Inbox[Any], updates: int = 0) -> RunBudget:
    return RunBudget(3, inbox, lambda: updates)


def test_after_so_many_periods_once_nothing_waits(suggested: list[bool], inbox: Inbox[Any]) -> None:
    budget = budget_of(inbox)
    budget.spend(2)
    assert not budget.over(idle=True)
    budget.spend()
    assert budget.over(idle=True)
    assert not budget.over(idle=False)


def test_after_too_many_signals(suggested: list[bool], inbox: Inbox[Any]) -> None:
    budget = budget_of(inbox)
    inbox.received = options.SIGNALS_PER_RUN - 1
    assert not budget.over(idle=True)
    inbox.received += 1
    assert budget.over(idle=False)


def test_after_too_many_updates(suggested: list[bool], inbox: Inbox[Any]) -> None:
    assert not budget_of(inbox, options.UPDATES_PER_RUN - 1).over(idle=True)
    assert budget_of(inbox, options.UPDATES_PER_RUN).over(idle=False)


def test_when_the_server_suggests_it(suggested: list[bool], inbox: Inbox[Any]) -> None:
    suggested[0] = True
    assert budget_of(inbox).over(idle=False)


def test_when_the_server_wants_it_on_another_version(elsewhere: list[bool], inbox: Inbox[Any]) -> None:
    budget = budget_of(inbox)
    assert not budget.over(idle=True)
    elsewhere[0] = True
    assert budget.over(idle=False)


def test_not_again_and_again_where_each_new_run_begins_on_the_same_version(
    elsewhere: list[bool], inbox: Inbox[Any]
) -> None:
    """As while a change of the routing spreads."""
    elsewhere[0] = True
    budget = budget_of(inbox)
    assert not budget.over(idle=True)
    assert not budget.over(idle=False)
    budget.migrate(Operator(by="global_admin"))
    assert budget.over(idle=False)


def test_when_an_operator_wants_it(suggested: list[bool], inbox: Inbox[Any]) -> None:
    budget = budget_of(inbox)
    budget.check_migrate(Operator(by="global_admin"))
    assert budget.migrate(Operator(by="global_admin")) == "Continues as new now; effects that are waiting go along."
    assert budget.over(idle=False)


def test_operators_get_in_before_the_server_refuses_updates(suggested: list[bool], inbox: Inbox[Any]) -> None:
    assert options.UPDATES_PER_RUN < options.MOST_UPDATES < 2_000


def test_not_while_something_is_done_beside_it_unless_it_has_to(suggested: list[bool], inbox: Inbox[Any]) -> None:
    """The next run would begin a notification again that this one has begun."""
    busy = True
    budget = RunBudget(1, inbox, lambda: 0, lambda: busy)
    budget.spend()
    assert not budget.over(idle=True)
    busy = False
    assert budget.over(idle=True)
    busy, suggested[0] = True, True
    assert budget.over(idle=False)
