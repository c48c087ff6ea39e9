"""What the activities that tell publishers take and return. Unknown fields are ignored, for rollouts."""

from datetime import datetime, timedelta
from typing import NamedTuple

from activities.billing.contracts import About
from domain.notification import NotificationStatus
from domain.subscription.events import Event, EventName, State
from domain.values import Frozen, Id, Instant


class Notice(Frozen):
    """What a publisher is told of one event. Free text and actors stay with us."""

    subscription_id: str
    customer_id: str
    offer_id: str
    seq: int
    at: Instant
    event: EventName
    state: State
    rule: str
    reason: str | None = None
    auto_renew: bool
    quantity: int
    add_ons: dict[str, int]

    @classmethod
    def of(cls, about: About, event: Event) -> "Notice":
        """The event as its publisher is told of it."""
        return cls(
            subscription_id=about.subscription_id,
            customer_id=about.customer_id,
            offer_id=about.offer.id,
            seq=event.seq,
            at=event.at,
            event=event.event,
            state=event.state,
            rule=event.rule,
            reason=event.reason,
            auto_renew=event.after.auto_renew,
            quantity=event.after.quantity,
            add_ons=event.after.add_ons,
        )


class DeliverInput(Frozen):
    """Tell the publisher the next event of the subscription's stream.

    `last` is the last event that is to be there; `afresh` begins the tries of an undeliverable one anew; `skip` is the
    sequence number of the one that an operator gives up.
    """

    subscription_id: str
    publisher: str
    last: int = 0
    afresh: bool = False
    skip: int | None = None


class StreamProgress(Frozen):
    """How far the stream is: every event up to `told` is done with; `halted` says why the next cannot be told."""

    told: int
    halted: str | None = None


class HandOver(Frozen):
    """What a life leaves to be told when it ends: the events behind `told`, up to `last`."""

    subscription_id: str
    publisher: str
    told: int
    last: int


class Pending(Frozen):
    """The next event of a stream: what to tell, after which one, and how often that has been tried.

    `previous` is the sequence number of the event that the same publisher was told before it, 0 for none; `vendor` the
    publisher of the offer, as the catalog has it now.
    """

    notice: Notice
    previous: int
    vendor: str | None = None
    standing: NotificationStatus = NotificationStatus.WAITING
    tries: int = 0
    first_tried_at: Instant | None = None
    last_tried_at: Instant | None = None
    next_try_at: Instant | None = None
    problem: str | None = None

    def as_of(self, now: datetime) -> "Pending":
        """What was tried later than now was tried by another clock: its instants mean nothing by this one.

        So it is where a life that was lived ahead of time has ended, and a delivery goes on at the time that it is.
        """
        if self.last_tried_at is None or self.last_tried_at <= now:
            return self
        return self.model_copy(update={"first_tried_at": None, "last_tried_at": None, "next_try_at": None})


class Message(Frozen):
    """What is sent: the same `id` and the same `body` at every try."""

    id: str
    body: bytes


class Reply(Frozen):
    """What came of one try. `status` is None where there was no response, `problem` then says why, in one line."""

    status: int | None = None
    retry_after: timedelta | None = None
    problem: str | None = None

    @property
    def accepted(self) -> bool:
        """The publisher has taken it."""
        return self.status is not None and 200 <= self.status < 300


class ListedNotification(Frozen):
    """One notification as lists show it."""

    subscription_id: Id
    publisher: str
    seq: int
    at: Instant
    event: str
    standing: NotificationStatus = NotificationStatus.WAITING
    tries: int = 0
    first_tried_at: Instant | None = None
    next_try_at: Instant | None = None
    settled_at: Instant | None = None
    problem: str | None = None


def message_id(subscription_id: str, seq: int) -> str:
    """The one stable id of an event: the key by which a receiver tells a repeat."""
    return f"{subscription_id}:{seq}"


class Mark(NamedTuple):
    """Where a page of the list ended."""

    subscription_id: str
    seq: int
