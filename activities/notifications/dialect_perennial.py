"""The dialect `perennial`: every event, in Perennial's own format."""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from activities.notifications.contracts import Notice
from domain.subscription.events import EventName, State
from domain.values import Frozen, Instant

_TYPES = [f"subscription.{event}" for event in EventName]

Moment = Annotated[Instant, WithJsonSchema({"type": "string", "format": "date-time"})]
Sequence = Annotated[int, Field(ge=1, description="The event's number in its subscription: 1, 2, 3 and so on.")]
Previous = Annotated[
    int,
    Field(
        ge=0,
        description="The number of the event that the publisher received before this one, 0 for none. "
        "A receiver that has not seen that event has missed it. "
        "Numbers between the two belong to events that this dialect does not send, or that the operator skipped.",
    ),
]


class SubscriptionEvent(Frozen):
    """The event, and the subscription after it."""

    subscription_id: str
    customer_id: str
    offer_id: str
    sequence: Sequence
    previous: Previous
    at: Moment
    event: EventName
    state: State
    rule: Annotated[str, Field(description="The id of the rule that applied.")]
    reason: str | None
    auto_renew: bool
    quantity: int
    add_ons: Annotated[dict[str, int], Field(description="The quantity of each add-on, by its id.")]


class SubscriptionNotification(Frozen):
    """One event of a subscription. Receivers ignore fields and types that they do not know."""

    type: Annotated[str, Field(json_schema_extra={"enum": _TYPES})]
    timestamp: Annotated[Moment, Field(description="When the event happened, not when it was sent.")]
    data: SubscriptionEvent


def notification(_: str, notice: Notice, previous: int) -> SubscriptionNotification:
    """The message; this dialect has one for every event. Add-ons are in the order of their ids."""
    add_ons = dict(sorted(notice.add_ons.items()))
    return SubscriptionNotification(
        type=f"subscription.{notice.event}",
        timestamp=notice.at,
        data=SubscriptionEvent.model_validate(
            {**dict(notice), "sequence": notice.seq, "previous": previous, "add_ons": add_ons}
        ),
    )
