"""States of older versions are read step by step; newer ones are refused. `states/` has one of each older version."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from activities.billing.contracts import Origin, RecordInput
from domain.subscription.decision import Answered
from domain.subscription.effects import Receipt
from domain.subscription.events import Event
from domain.subscription.first_answers import DIGEST_LENGTH, DIGESTS_KEPT
from domain.subscription.subscription import Subscription
from statemachines.preview.simulator import Simulator
from statemachines.state_schema import DELIVERY, SUBSCRIPTION, VERSION, NewerState, StateSchema
from statemachines.subscription.life import Life
from tests.support.instants import instant
from tests.support.simulated.life import LIVING, a_command
from tests.support.states import SCHEMAS, STATES, written
from workflows.notifications.messages import Stream

THREE = StateSchema({1: lambda state: {"name": state["title"]}, 2: lambda state: {**state, "names": [state["name"]]}})


def state_of(name: str, version: int) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(written(name, version))
    return state


@pytest.mark.parametrize(("name", "schema"), SCHEMAS.items())
def test_every_older_version_is_kept_here_and_is_read(name: str, schema: StateSchema) -> None:
    for version in range(1, schema.version):
        state = state_of(name, version)
        assert state.get(VERSION, 1) == version
        assert schema.current(state)[VERSION] == schema.version


def test_a_state_without_a_number_takes_every_step() -> None:
    assert THREE.version == 3
    assert THREE.current({"title": "a"}) == {"name": "a", "names": ["a"], VERSION: 3}
    assert THREE.current({"title": "a", VERSION: 1}) == {"name": "a", "names": ["a"], VERSION: 3}


def test_a_later_one_takes_the_rest_of_them_and_the_newest_none() -> None:
    assert THREE.current({"name": "a", VERSION: 2}) == {"name": "a", "names": ["a"], VERSION: 3}
    newest = {"name": "a", "names": ["b"], VERSION: 3}
    assert THREE.current(newest) is newest


def test_a_newer_one_is_refused_with_what_to_do() -> None:
    with pytest.raises(NewerState) as refused:
        THREE.current({VERSION: 4})
    assert str(refused.value) == (
        "The state has schema version 4, and this worker reads up to version 3. "
        "Start workers of the newer build: they go on from here."
    )


@pytest.mark.parametrize("number", [0, -1, "2", 1.0, True, None, [2]])
def test_a_number_that_is_none_is_an_error(number: object) -> None:
    with pytest.raises(ValueError, match="schema_version: got .*; takes a whole number from 1"):
        THREE.current({VERSION: number})


def test_a_subscription_from_before_publishers_and_origins() -> None:
    """Recorded on 23 November."""
    old = state_of("subscription", 1)
    assert {"stream", "origin"}.isdisjoint(old)
    assert SUBSCRIPTION.current(old) == {**old, "stream": {}, "origin": {}, VERSION: SUBSCRIPTION.version}


def test_a_subscription_without_a_number_keeps_its_stream_and_origin() -> None:
    told = {**state_of("subscription", 1), "stream": {"publisher": "contoso", "told": 3}, "origin": {"placed": True}}
    assert SUBSCRIPTION.current(told) == {**told, VERSION: SUBSCRIPTION.version}


def test_a_suspended_meter_from_before_late_usage() -> None:
    """Suspended in its fourth month with 4 units unbilled: what is told now of March is billed for March."""
    state = SUBSCRIPTION.current(state_of("subscription", 2))
    life = Life.model_validate_json(json.dumps(state["life"]))
    subscription = life.subscription
    simulator = Simulator.resumed(life, LIVING)
    for usage_id, used_at, told_of in (("a", "2026-03-20", "done"), ("b", "2026-04-23", "refused")):
        report = a_command("report_usage", units=2, usage_id=usage_id, used_at=f"{used_at}T00:00:00Z")
        assert simulator.ask(report, instant("2026-04-25")).outcome == told_of
    simulator.advance(instant("2026-05-16"))
    assert [(str(row.quantity), row.period.start.month) for row in simulator.book.rows] == [("2", 3), ("4", 4)]
    assert subscription.term is not None
    assert [row.key for row in simulator.book.rows] == [
        f"seq-{subscription.seq + 1}/term-{subscription.term.number - 1}/period-1/charge/crm",
        f"term-{subscription.term.number}/period-1/charge/crm",
    ]


def test_a_subscription_whose_ids_had_longer_digests() -> None:
    """The ids of three commands, of which the state had the last answer whole."""
    old = state_of("subscription", 3)
    assert len(old["life"]["used"]) == 2 * 10
    life = Life.model_validate_json(json.dumps(SUBSCRIPTION.current(old)["life"]))
    assert len(life.used) == 2 * DIGEST_LENGTH
    for number, forgotten in enumerate((True, True, False, False)):
        known = a_command("change_quantity", quantity=number % 2 + 1, command_id=f"c-{number}")
        assert life.may_have_forgotten(known) == forgotten
    assert not life.forgets
    many = {**old, "life": {**old["life"], "used": "".join(f"{n:010x}" for n in range(DIGESTS_KEPT))}}
    assert SUBSCRIPTION.current(many)["life"]["forgets"]


def test_a_delivery_that_handed_on_its_request() -> None:
    old = state_of("delivery", 1)
    assert DELIVERY.current(old) == {
        "subscription_id": "given-up",
        "last": 4,
        "stream": {"publisher": "wingtip", "told": 3, "afresh": True, "skip": None},
        VERSION: 2,
    }


def defaults_of(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """Every default of the model and of the models in it."""
    for name, field in model.model_fields.items():
        if not field.is_required():
            yield f"{model.__name__}.{name}", to_jsonable_python(field.get_default(call_default_factory=True))
        for inner in models_in(field.annotation):
            yield from defaults_of(inner)


def models_in(hint: Any) -> Iterator[type[BaseModel]]:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
    for part in get_args(hint):
        yield from models_in(part)


def test_no_default_that_histories_leave_out_has_changed() -> None:
    """States and activities' inputs are written without defaults (`Lean`): another one would change what was written.

    A new field belongs into the file. For another default of an old one, a new version of the schema must write the
    old one into older states.
    """
    now = dict(
        each
        for model in (Subscription, Event, Answered, RecordInput, Receipt, Origin, Stream)
        for each in defaults_of(model)
    )
    assert now == json.loads((STATES / "defaults.json").read_text())
