"""What an operator asks for, whatever the workflow."""

from typing import Annotated

from pydantic import Field

from domain.values import Strict


class Operator(Strict):
    """An operator's request: who asks, and why."""

    by: Annotated[str, Field(min_length=1, max_length=64)]
    note: Annotated[str, Field(max_length=1024)] = ""
