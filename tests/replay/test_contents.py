"""Careless changes of the product that Temporal's own replayer, or a comparison of kinds alone, lets pass."""

import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow

from activities.orders.contracts import LineStatus, OrderLine
from activities.provisioning.contracts import ProvisionInput
from domain.subscription import ends
from domain.subscription.subscription import Subscription
from tests.replay.commands import Replayed, replayed
from tests.replay.difference import difference
from tests.replay.recordings import history_of, name_of, recordings_in, workflow_of
from workflows.durable import search_attributes
from workflows.durable.clock import Clock
from workflows.order.workflow import OrderWorkflow
from workflows.subscription import effects
from workflows.subscription.messages import Continued


async def differences() -> dict[str, str]:
    """What each recording that no longer replays says, by its name."""
    found: dict[str, str] = {}
    for path in recordings_in():
        history = history_of(path)
        said = difference(name_of(path), history, await replayed(history, workflow_of(history)))
        if said:
            found[name_of(path)] = said
    return found


@pytest.mark.parametrize("path", recordings_in(), ids=name_of)
async def test_a_recorded_run_replays_with_exactly_its_contents(path: Path) -> None:
    history = history_of(path)
    said = difference(name_of(path), history, await replayed(history, workflow_of(history)))
    assert said is None, said


def retention_of_89_days(patch: pytest.MonkeyPatch) -> None:
    """A day less for every pack, also for those that running subscriptions carry."""

    def a_day_less(*given: Any, **named: Any) -> datetime:
        return real(*given, **named) - timedelta(days=1)

    real = ends.deletion_instant
    for module in list(sys.modules.values()):
        if getattr(module, "deletion_instant", None) is real:
            patch.setattr(module, "deletion_instant", a_day_less)


def ids_dropped_at_hand_over(patch: pytest.MonkeyPatch) -> None:
    real = workflow.continue_as_new

    def dropping(state: Continued) -> None:
        real(state.model_copy(update={"life": state.life.model_copy(update={"answered": ()})}))

    patch.setattr(workflow, "continue_as_new", dropping)


def timer_a_minute_off(patch: pytest.MonkeyPatch) -> None:
    real = Clock.sleep_until

    async def late(self: Clock, at: datetime, awake: Callable[[], bool], summary: str) -> None:
        await real(self, at + timedelta(minutes=1), awake, summary)

    patch.setattr(Clock, "sleep_until", late)


def wrong_argument(patch: pytest.MonkeyPatch) -> None:
    real = ProvisionInput
    patch.setattr(effects, "ProvisionInput", lambda **given: real(**{**given, "customer_id": "somebody-else"}))


def upsert_of_another_value(patch: pytest.MonkeyPatch) -> None:
    real = search_attributes.changing

    def a_day_later(subscription: Subscription, attention: str | None) -> search_attributes.Changing:
        wanted = real(subscription, attention)
        ends_at = wanted[search_attributes.ENDS_AT]
        return {**wanted, search_attributes.ENDS_AT: ends_at and ends_at + timedelta(days=1)}

    patch.setattr(search_attributes, "changing", a_day_later)


def upsert_missing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(search_attributes, "upsert", lambda wanted: None)


def lines_in_another_order(patch: pytest.MonkeyPatch) -> None:
    real = OrderWorkflow._lines

    def reversed_lines(self: OrderWorkflow, status: LineStatus) -> Sequence[OrderLine]:
        return real(self, status)[::-1]

    patch.setattr(OrderWorkflow, "_lines", reversed_lines)


CARELESS: dict[Callable[[pytest.MonkeyPatch], None], str] = {
    ids_dropped_at_hand_over: "continue_as_new_workflow_execution.arguments[0].life.answered",
    timer_a_minute_off: "start_timer.start_to_fire_timeout",
    wrong_argument: "arguments[0].customer_id",
    upsert_of_another_value: "upsert_workflow_search_attributes.search_attributes.indexed_fields.EndsAt",
    upsert_missing: "recorded upsert_workflow_search_attributes; now",
    lines_in_another_order: "schedule_activity place_line.arguments[0].number",
    retention_of_89_days: "start_timer.start_to_fire_timeout",
}


@pytest.mark.parametrize("careless", CARELESS, ids=lambda careless: careless.__name__)
async def test_a_careless_change_is_named(
    careless: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    careless(monkeypatch)
    found = await differences()
    assert found, "every recording replays as if nothing had changed"
    named = [said for said in found.values() if CARELESS[careless] in said]
    assert named, "\n".join(found.values())
    assert all("whom it concerns: every open run of" in said and "what to do:" in said for said in named)


async def test_swapped_upserts_are_noticed() -> None:
    """Two upserts of one run differ, so a run that gives them in the other order is not the recorded one."""
    swapped = 0
    for history in map(history_of, recordings_in()):
        given = (await replayed(history, workflow_of(history))).given
        at = [index for index, each in enumerate(given) if each.name == "upsert_workflow_search_attributes"]
        for one, other in pairwise(at):
            otherwise = list(given)
            otherwise[one], otherwise[other] = given[other], given[one]
            noticed = difference("swapped", history, Replayed(otherwise, None)) is not None
            assert noticed == (given[one].content != given[other].content)
            swapped += noticed
    assert swapped, "record a run with two upserts that differ"
