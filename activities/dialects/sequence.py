"""What both dialects say of an event's place in its subscription's stream, and of its instant."""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from domain.values import Instant

Moment = Annotated[Instant, WithJsonSchema({"type": "string", "format": "date-time"})]
Sequence = Annotated[int, Field(ge=1, description="The event's number in its subscription: each is the last plus 1.")]
Previous = Annotated[
    int,
    Field(
        ge=0,
        description="The number of the event that the publisher was told before this one, 0 for none. "
        "Whoever has not seen that one has missed it, or the operator has skipped it. "
        "Numbers between the two are events that the dialect has no word for.",
    ),
]
