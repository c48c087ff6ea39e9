"""The schemas of the states that runs hand on, and a state of each older version, as it was written."""

from statemachines import state_schema
from statemachines.state_schema import StateSchema
from tests.support.paths import ROOT

SCHEMAS = {name.lower(): each for name, each in vars(state_schema).items() if isinstance(each, StateSchema)}
STATES = ROOT / "tests" / "statemachines" / "states"


def written(name: str, version: int) -> bytes:
    """The state of that version, in JSON."""
    return (STATES / f"{name}.{version}.json").read_bytes()
