"""When a run hands over to a new one."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
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


@pytest.fixture
def size() -> list[int]:
    """The bytes of the run's history."""
    return [3_000]


@pytest.fixture(autouse=True)
def _info(monkeypatch: pytest.MonkeyPatch, suggested: list[bool], elsewhere: list[bool], size: list[int]) -> None:
    info = SimpleNamespace(
        is_continue_as_new_suggested=lambda: suggested[0],
        is_target_worker_deployment_version_changed=lambda: elsewhere[0],
        get_current_history_length=lambda: 3,
        get_current_history_size=lambda: size[0],
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


async def kept_short(budget: RunBudget) -> "asyncio.Task[None]":
    short = asyncio.create_task(budget.keep_short())
    await asyncio.sleep(0.01)
    return short


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """The pauses of the workflow, each of which is over at once."""
    pauses: list[timedelta] = []

    async def wait(ready: Callable[[], bool]) -> None:
        while not ready():
            await asyncio.sleep(0)

    async def sleep(pause: timedelta, summary: str) -> None:
        pauses.append(pause)

    monkeypatch.setattr(workflow, "wait_condition", wait)
    monkeypatch.setattr(workflow, "sleep", sleep)
    return pauses


async def test_after_fewer_periods_once_its_history_is_long(
    size: list[int], slept: list[timedelta], inbox: Inbox[Any]
) -> None:
    budget = budget_of(inbox)
    short = await kept_short(budget)
    budget.spend()
    size[0] = options.LONGEST_PARKED - 1
    assert not budget.over_before_sleep()
    size[0] += 1
    assert not budget.over(idle=True), "what has woken it comes first"
    assert budget.over_before_sleep()
    assert budget.over(idle=True)
    assert not budget.over(idle=False)
    await asyncio.sleep(0.01)
    assert not slept
    short.cancel()


async def test_a_run_that_begins_with_a_long_state_does_something_first(
    size: list[int], slept: list[timedelta], inbox: Inbox[Any]
) -> None:
    size[0] = options.LONGEST_PARKED
    budget = budget_of(inbox)
    short = await kept_short(budget)
    budget.spend()
    assert not budget.over_before_sleep()
    size[0] += options.LEAST_GROWTH
    assert budget.over_before_sleep()
    short.cancel()


async def test_a_run_that_commands_have_made_long_goes_on_for_a_while(
    size: list[int], slept: list[timedelta], inbox: Inbox[Any]
) -> None:
    budget = budget_of(inbox)
    short = await kept_short(budget)
    assert not budget.over(idle=True)
    assert not slept
    size[0] = options.LONGEST_PARKED
    assert not budget.over_before_sleep()
    await short
    assert slept == [options.QUIET]
    assert budget.over(idle=True)
    assert not budget.over(idle=False)


async def test_so_does_one_that_refused_commands_have_made_long(
    size: list[int], slept: list[timedelta], inbox: Inbox[Any]
) -> None:
    """They wake nothing, so that nothing goes to sleep after them. What a timer wakes comes first."""
    budget = budget_of(inbox)
    short = await kept_short(budget)
    assert not budget.over_before_sleep()
    size[0] = options.LONGEST_PARKED
    await asyncio.sleep(0.01)
    assert not slept
    inbox.received += 1
    await short
    assert slept == [options.QUIET]
    assert budget.over(idle=True)


def test_however_long_its_history_where_it_is_not_kept_short(size: list[int], inbox: Inbox[Any]) -> None:
    budget = budget_of(inbox)
    budget.spend()
    size[0] = 1_000_000
    assert not budget.over_before_sleep()


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
