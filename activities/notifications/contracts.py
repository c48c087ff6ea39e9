"""What notifying publishers takes and returns. Unknown fields are ignored, so that versions can be mixed."""

from datetime import datetime, timedelta
from typing import NamedTuple

from domain.notification import NotificationStatus
from domain.subscription.events import Announcement, Event, EventName, State
from domain.subscription.scheduled import ScheduledChanges
from domain.values import Frozen, Id, Instant, OmitEmpty


class Notice(Frozen):
    """What a publisher learns of one event: never free text, never who acted."""

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
    scheduled_changes: OmitEmpty[ScheduledChanges] = {}
    announces: OmitEmpty[Announcement | None] = None

    @classmethod
    def of(cls, event: Event, subscription_id: str, customer_id: str, offer_id: str) -> "Notice":
        """The notice of the event."""
        return cls(
            subscription_id=subscription_id,
            customer_id=customer_id,
            offer_id=offer_id,
            seq=event.seq,
            at=event.at,
            event=event.event,
            state=event.state,
            rule=event.rule,
            reason=event.reason,
            auto_renew=event.after.auto_renew,
            quantity=event.after.quantity,
            add_ons=event.after.add_ons,
            scheduled_changes=event.after.scheduled_changes,
            announces=event.announces,
        )


class DeliverInput(Frozen):
    """Deliver the next event of the subscription's stream to the publisher.

    `last` is the sequence number of the last event that the outbox must hold. `afresh` restarts the attempts of an
    undeliverable event; `skip` is the sequence number of an event that an operator gives up.
    """

    subscription_id: str
    publisher: str
    last: int = 0
    afresh: bool = False
    skip: int | None = None


class StreamProgress(Frozen):
    """How far the stream is: all events up to `told` are done. `halted` says why the next cannot be delivered.

    `publisher` is the one to notify from now on, if the catalog names another than the request.
    """

    told: int
    halted: str | None = None
    publisher: str | None = None


class HandOver(Frozen):
    """The events left to deliver when a subscription ends: those after `told`, up to `last`.

    `afresh` and `skip` are an operator's decision that is not carried out yet.
    """

    subscription_id: str
    publisher: str
    told: int
    last: int
    afresh: bool = False
    skip: int | None = None


class Pending(Frozen):
    """The next event of a stream, and its attempts so far.

    `previous` is the sequence number of the event that the same publisher received before it, 0 for none. `vendor` is
    the publisher of the offer in the catalog today.
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
        """The event as seen at `now`: instants of attempts in the future are dropped.

        They come from a subscription with a test clock that ran ahead; after its end, real time applies again.
        """
        if self.last_tried_at is None or self.last_tried_at <= now:
            return self
        return self.model_copy(update={"first_tried_at": None, "last_tried_at": None, "next_try_at": None})


class Message(Frozen):
    """What is sent. `id` and `body` are the same at every attempt."""

    id: str
    body: bytes


class Reply(Frozen):
    """The result of one attempt. Without a response `status` is None, and `problem` says why in one line."""

    status: int | None = None
    retry_after: timedelta | None = None
    problem: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether the publisher acknowledged the message."""
        return self.status is not None and 200 <= self.status < 300


class ListedNotification(Frozen):
    """A notification as lists show it."""

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
    """The stable id of an event's message, by which a receiver recognises a repeat."""
    return f"{subscription_id}:{seq}"


class Mark(NamedTuple):
    """The place in the list at which a page ended."""

    subscription_id: str
    seq: int
