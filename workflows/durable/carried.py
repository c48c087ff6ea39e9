"""What one run of a workflow hands to the next."""

from typing import ClassVar, Self

from pydantic_core import from_json, to_json

from domain.values import Frozen
from statemachines.state_schema import StateSchema


class Carried(Frozen):
    """Base of the states. `schema_version` is that of `state_schema`, which the class names."""

    state_schema: ClassVar[StateSchema]
    schema_version: int

    @classmethod
    def read(cls, data: bytes) -> Self:
        """The state from its JSON, of this version or an older one.

        Raises NewerState, and ValueError for anything else: both fail the task, not the workflow, which waits for code
        that reads it.
        """
        written = from_json(data)
        if not isinstance(written, dict):
            raise ValueError(f"A state is a mapping of its fields; got {type(written).__name__}")
        current = cls.state_schema.current(written)
        return cls.model_validate_json(data if current is written else to_json(current))
