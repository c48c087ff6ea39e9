"""The public contract of notifications: updates of subscription and delivery, and the delivery's start and query."""

from typing import Annotated

from pydantic import Field

from activities.notifications.contracts import StreamProgress
from domain.values import Frozen, Id, Strict
from statemachines.state_schema import DELIVERY
from workflows.durable.carried import Carried
from workflows.durable.operator import Operator

DELIVERY_WORKFLOW = "DeliveryWorkflow"
"""The workflow's type."""


def publisher_task_queue(task_queue: str, publisher: str) -> str:
    """Each publisher has its own task queue, so that a slow one delays nobody else."""
    return f"{task_queue}.to.{publisher}"


class Stream(Frozen):
    """How far a subscription's publisher has been notified: every event up to `told` is delivered or given up.

    `publisher` is None if nobody is notified. `halted` says why the next event is undeliverable, `unheard` why nobody
    tries. An operator's decision, `afresh` (retry) or `skip`, stays until it is carried out.
    """

    publisher: str | None = None
    told: int = 0
    halted: str | None = None
    unheard: str | None = None
    afresh: bool = False
    skip: int | None = None

    @property
    def trouble(self) -> str | None:
        """What somebody has to fix; None if nothing is wrong."""
        return self.halted or self.unheard

    def addressed_to(self, publisher: str | None) -> "Stream":
        """The stream, addressed to the publisher that the books name with each decision."""
        return self if publisher == self.publisher else Stream(publisher=publisher, told=self.told)

    def after(self, result: StreamProgress) -> "Stream":
        """The stream after a delivery attempt."""
        told = max(self.told, result.told)
        if self.publisher is None:
            # The books have said during the attempt that nobody is notified any more: nothing is left to fix.
            return Stream(told=told)
        if result.publisher is not None:
            return Stream(publisher=result.publisher, told=told, skip=self.skip)
        return Stream(publisher=self.publisher, told=told, halted=result.halted)

    def not_tried(self) -> "Stream":
        """The stream when no worker has taken the delivery in time."""
        if self.publisher is None:
            return self
        words = f"No worker notifies {self.publisher}: is it active, and does a worker have its secrets?"
        return self.model_copy(update={"unheard": f"{words} It continues as soon as one does."})

    def again(self, publisher: str | None) -> "Stream":
        """The stream with the attempts of the undeliverable event started afresh."""
        return Stream(publisher=publisher or self.publisher, told=self.told, afresh=True)

    def skipping(self, sequence: int) -> "Stream":
        """The stream with that event given up."""
        return Stream(publisher=self.publisher, told=self.told, skip=sequence)


class RetryNotification(Operator):
    """Send an undeliverable notification again. `publisher` is notified from now on, if nobody was notified before."""

    publisher: Id | None = None


class SkipNotification(Operator):
    """Give up the event of that sequence number, and go on with the next one."""

    sequence: Annotated[int, Field(ge=1, le=10**9)]


class Deliver(Strict):
    """Starts a delivery: the events after `told`, up to `last`.

    `afresh` and `skip` are an operator's decision, as in the stream, that is not carried out yet.
    """

    subscription_id: Id
    publisher: Id
    told: Annotated[int, Field(ge=0, le=10**9)] = 0
    last: Annotated[int, Field(ge=1, le=10**9)]
    afresh: bool = False
    skip: Annotated[int, Field(ge=1, le=10**9)] | None = None

    @property
    def stream(self) -> Stream:
        """How far the publisher has been notified when the delivery starts."""
        return Stream(publisher=self.publisher, told=self.told, afresh=self.afresh, skip=self.skip)


class ContinuedDelivery(Carried):
    """What one run of a delivery hands to the next."""

    state_schema = DELIVERY
    schema_version: int = DELIVERY.version

    subscription_id: str
    last: int
    stream: Stream


DeliveryStart = Deliver | ContinuedDelivery
"""What a run begins with: what a subscription has left, or the delivery so far."""


NOTIFICATION_UPDATES: dict[str, type[Strict]] = {
    "retry_notification": RetryNotification,
    "skip_notification": SkipNotification,
}
"""The updates about notifications, and the request that each takes."""

DELIVERY_UPDATES: dict[str, type[Strict]] = {**NOTIFICATION_UPDATES, "migrate": Operator}
"""The updates of a delivery, and the request that each takes."""


def notification_lines(stream: Stream, last: int) -> list[str]:
    """How far the publisher has been notified; no line where it has got everything."""
    if stream.halted:
        updates = "`retry_notification` or `skip_notification`"
        return ["", f"**Notification undeliverable:** {stream.halted} Fix the cause, then send the update {updates}."]
    if stream.unheard:
        return ["", f"**Publisher not notified:** {stream.unheard}"]
    if stream.publisher and stream.told < last:
        return ["", f"**Notifying {stream.publisher}:** {stream.told} of {last} events delivered."]
    return []
