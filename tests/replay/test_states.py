"""What a run hands to the next is read by the version that it says it has."""

import json
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest

from domain.values import Frozen
from hosting.assembly import WORKFLOWS
from statemachines.state_schema import VERSION, NewerState
from tests.replay.recordings import history_of, recordings_in
from tests.support.states import SCHEMAS, written
from workflows.durable.carried import Carried


def carried_by(workflow: type) -> type[Carried] | None:
    """The state that runs of the workflow begin with; None if it has one run."""
    start = next(iter(get_type_hints(workflow.__init__).values()))  # type: ignore[misc]
    states = [arm for arm in get_args(start) if issubclass(arm, Frozen)]
    return states[0] if states else None


STATES_OF = {each.__name__: state for each in WORKFLOWS if (state := carried_by(each))}


def handed_on() -> Iterator[tuple[str, type[Carried], bytes]]:
    """Every recorded state, as it was written."""
    for path in recordings_in():
        history = history_of(path)
        last = history.events[-1]
        if last.HasField("workflow_execution_continued_as_new_event_attributes"):
            attributes = last.workflow_execution_continued_as_new_event_attributes
            yield path.name, STATES_OF[attributes.workflow_type.name], attributes.input.payloads[0].data


def test_every_state_has_a_schema_of_its_own_and_writes_its_number() -> None:
    assert len(STATES_OF) == 5
    for state in STATES_OF.values():
        assert issubclass(state, Carried)
        assert state.model_fields[VERSION].default == state.state_schema.version
    assert {id(state.state_schema) for state in STATES_OF.values()} == {id(schema) for schema in SCHEMAS.values()}


def test_a_recorded_state_is_read_and_written_again_without_a_difference() -> None:
    seen = set()
    for name, state, data in handed_on():
        read = state.read(data)
        assert json.loads(read.model_dump_json()) == json.loads(data), name
        assert state.read(read.model_dump_json().encode()) == read, name
        seen.add(state)
    assert seen == set(STATES_OF.values()), "record a run that continues as new"


def test_every_older_state_is_read() -> None:
    schemas = {id(schema): name for name, schema in SCHEMAS.items()}
    for state in STATES_OF.values():
        for version in range(1, state.state_schema.version):
            read = state.read(written(schemas[id(state.state_schema)], version))
            assert read.schema_version == state.state_schema.version
            assert state.read(read.model_dump_json().encode()) == read


@pytest.mark.parametrize("state", STATES_OF.values(), ids=STATES_OF)
def test_a_newer_state_is_refused_before_anything_of_it_is_read(state: type[Carried]) -> None:
    newer: dict[str, Any] = {VERSION: state.state_schema.version + 1, "nothing": "that is known"}
    with pytest.raises(NewerState):
        state.read(json.dumps(newer).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b'"life"', b"{}", b"\x00"])
def test_what_is_no_state_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        STATES_OF["SubscriptionWorkflow"].read(data)
